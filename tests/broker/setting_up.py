"""Running `edgeverify broker setup`, and looking at what it left."""

from __future__ import annotations

from pathlib import Path

from cryptography import x509
from typer.testing import CliRunner

from edgeverify.cli.main import app

PLUGIN = "/usr/lib/mosquitto_dynamic_security.so"


NAMES = ["--host", "broker.lan", "--host", "192.0.2.7"]


def run(folder: Path, *words: str, code: int = 0) -> str:
    """Run the command, for a broker that runs elsewhere, and return what it said."""
    done = CliRunner().invoke(app, ["broker", "setup", str(folder), "--plugin", PLUGIN, *words])
    assert done.exit_code == code, done.output
    return done.output


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def hosts_of(certificate: bytes) -> tuple[str, ...]:
    found = x509.load_pem_x509_certificate(certificate).extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    return tuple(str(name.value) for name in found.value)
