"""Wheels of what a door installs, for the Python of the Debian that is booted, by hash.

What a door's readers add has two packages that must be compiled (evdev, pyscard). For another
Python than the one that runs the tests, a bare Debian of that suite makes the wheels.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.fresh.machine import fresh_machine

CHECKOUT = Path(__file__).resolve().parents[2]
CACHE = CHECKOUT / ".cache/systemd"
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
PYTHONS = {"bookworm": (3, 11), "trixie": (3, 13)}
"""By Debian's code name: its own Python."""
SUITE = os.environ.get("EDGEVERIFY_DEBIAN", "bookworm")
"""The Debian that is booted: `make test-systemd DEBIAN=trixie`."""
READERS = {"evdev", "gpiod", "libosdp", "pyscard", "pyserial"}
PAGE = {
    "argon2-cffi", "argon2-cffi-bindings", "click", "jinja2", "markupsafe", "python-multipart",
    "starlette", "uvicorn",
}  # fmt: skip
"""What `[readers]` and `[web]` need beyond a door's own packages."""
_COMPILER = "python3-venv python3-dev gcc pkg-config swig libpcsclite-dev linux-libc-dev"


def wheelhouse() -> Path:
    """Return a folder with every wheel of a door's lock, fetched once."""
    lock = (CHECKOUT / "requirements/daemon.lock").read_text(encoding="utf-8")
    return _kept("wheels", lock, "download --only-binary :all:")


def extra_wheels() -> Path:
    """Return a folder with the wheels of readers and page, made once."""
    text = "".join(_entries("readers", READERS) + _entries("dev", PAGE))
    return _kept("extras", text, "wheel")


def _kept(kind: str, listed: str, command: str) -> Path:
    """Have pip put there what is listed; what was made for another lock is removed."""
    digest = hashlib.sha256(listed.encode()).hexdigest()[:12]
    folder = CACHE / f"{kind}-{SUITE}-{digest}"
    if not (folder / "complete").exists():
        for old in CACHE.glob(f"{kind}-{SUITE}-*"):
            shutil.rmtree(old, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / "requirements.txt").write_text(listed, encoding="utf-8")
        ask = [*command.split(), "--no-deps", "--require-hashes", "-r", "requirements.txt"]
        ask_pip(ask, folder)
        (folder / "complete").touch()
    return folder


def ask_pip(ask: list[str], folder: Path) -> None:
    """Ask a pip of that Debian's Python, in `folder`, where what it is given lies and it writes."""
    if sys.version_info[:2] == PYTHONS[SUITE]:
        subprocess.run([*PIP, *ask], check=True, cwd=folder)
        return
    with fresh_machine(SUITE, CACHE, CACHE / f"wheels-{SUITE}.log") as machine:
        there = machine.files / "srv/wheels"
        shutil.copytree(folder, there)
        machine.run(f"apt-get update -qq && apt-get install -y -qq {_COMPILER}")
        machine.run("python3 -m venv /srv/pip")
        machine.run(f"cd /srv/wheels && /srv/pip/bin/pip --quiet {' '.join(ask)}")
        shutil.copytree(there, folder, dirs_exist_ok=True)


def _entries(lock: str, names: set[str]) -> list[str]:
    text = (CHECKOUT / "requirements" / f"{lock}.lock").read_text(encoding="utf-8")
    entries = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)
    found = [entry for entry in entries if entry.split("==")[0] in names]
    assert {entry.split("==")[0] for entry in found} == names
    return found
