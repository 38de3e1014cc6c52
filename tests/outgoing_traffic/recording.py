"""A process under observation: a home of its own, and a record of whom it looked up and called."""

from __future__ import annotations

import ipaddress
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from tests.absent import absent
from tests.waiting import until

OWN = ("edgeverify", "matplotlib", "fontconfig")
"""Folders in a home that the product, its pictures' fonts and nothing else may make."""
REPORTER = "import onnxruntime, sys; sys.stdin.read()"


@dataclass(frozen=True)
class Contact:
    """`kind` is lookup, connect, send or listen; `name` a host name or an address."""

    kind: str
    name: str
    port: int

    @property
    def leaves_the_machine(self) -> bool:
        """Tell whether it is not about this machine's own loopback."""
        try:
            return not ipaddress.ip_address(self.name).is_loopback
        except ValueError:
            return self.name not in {"localhost", "-"}


class Observed:
    """Where observed processes live: `environ` is theirs, `home` starts empty.

    Only the models are there already, in the tests' own folder: what is fetched at the first need
    is asked of the package index.
    """

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.home.mkdir()
        self._record = folder / "contacts"
        kept = {
            name: value
            for name, value in os.environ.items()
            # ONNX Runtime keeps quiet by itself where CI is set; that would prove nothing.
            if name not in {"CI", "ORT_DISABLE_TELEMETRY"}
            and (not name.startswith("XDG_") or name == "XDG_DATA_HOME")
        }
        self.environ = kept | {
            "HOME": str(self.home),
            "LD_PRELOAD": str(_build(folder)),
            "OUTGOING_TRAFFIC": str(self._record),
        }

    def contacts(self) -> list[Contact]:
        """Read what was recorded so far."""
        lines = self._record.read_text().splitlines() if self._record.exists() else []
        parts = [line.split() for line in lines]
        return [Contact(kind, name, int(port)) for kind, name, port in parts]

    def outside(self) -> list[Contact]:
        """Name every contact that is not on this machine's loopback."""
        return [each for each in self.contacts() if each.leaves_the_machine]

    def called(self) -> set[int]:
        """Name the loopback ports that were called and that the processes themselves do not own."""
        contacts = self.contacts()
        own = {each.port for each in contacts if each.kind == "listen"}
        return {each.port for each in contacts if each.kind in {"connect", "send"}} - own

    def foreign_files(self) -> list[str]:
        """Name the files in the home that neither the product nor its font cache made."""
        found = [path.relative_to(self.home) for path in self.home.rglob("*") if path.is_file()]
        return sorted(str(path) for path in found if not set(path.parts) & set(OWN))

    def run(self, *command: str | Path, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run this Python with these arguments, to its end."""
        return subprocess.run(
            [sys.executable, *map(str, command)],
            env=self.environ | environ,
            capture_output=True,
            text=True,
            check=False,
        )


def reports_by_itself() -> bool:
    """Tell whether the installed ONNX Runtime has anything that is to be switched off."""
    spec = find_spec("onnxruntime")
    assert spec is not None
    assert spec.origin is not None
    libraries = [*Path(spec.origin).parent.glob("capi/*.so")]
    assert libraries
    return any(b"ORT_DISABLE_TELEMETRY" in library.read_bytes() for library in libraries)


@contextmanager
def reporting(folder: Path) -> Iterator[Observed]:
    """Run ONNX Runtime as its maker ships it until it reported: as long as this takes, watch.

    On leaving, waits until the record holds what must not be in the product's record. Does not
    wait for an ONNX Runtime that is older than its reports.
    """
    folder.mkdir()
    observed = Observed(folder)
    command = [sys.executable, "-c", REPORTER]
    process = subprocess.Popen(command, env=observed.environ, stdin=subprocess.PIPE)
    try:
        yield observed
        if reports_by_itself():
            until(lambda: bool(observed.outside()), "ONNX Runtime to report to its maker", 30)
            assert observed.foreign_files()
    finally:
        process.kill()
        process.communicate()


def _build(folder: Path) -> Path:
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        absent("there is no C compiler (apt-get install gcc libc6-dev)")
    library = folder / "outgoing_traffic.so"
    source = Path(__file__).with_name("shim.c")
    flags = ["-shared", "-fPIC", "-O1", "-Wall", "-Werror"]
    subprocess.run([compiler, *flags, "-o", str(library), str(source), "-ldl"], check=True)
    return library
