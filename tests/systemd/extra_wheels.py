"""Wheels of what a door adds for its reader and its page: the locks' own versions, by hash."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
READERS = {"evdev", "gpiod", "libosdp", "pyscard", "pyserial"}
PAGE = {
    "argon2-cffi", "argon2-cffi-bindings", "click", "jinja2", "markupsafe", "python-multipart",
    "starlette", "uvicorn",
}  # fmt: skip
"""What `[readers]` and `[web]` need beyond a door's own packages."""


def extra_wheels(cache: Path) -> Path:
    """Return a folder in `cache` with them, made once; evdev and pyscard are compiled."""
    wanted = _entries("readers", READERS) + _entries("dev", PAGE)
    text = "".join(wanted)
    folder = cache / f"extras-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
    if not (folder / "complete").exists():
        for old in cache.glob("extras-*"):
            shutil.rmtree(old, ignore_errors=True)
        folder.mkdir(parents=True)
        listed = folder / "requirements.txt"
        listed.write_text(text, encoding="utf-8")
        make = [*PIP, "wheel", "--no-deps", "--require-hashes", "-r", str(listed)]
        subprocess.run([*make, "--wheel-dir", str(folder)], check=True)
        (folder / "complete").touch()
    return folder


def _entries(lock: str, names: set[str]) -> list[str]:
    text = (CHECKOUT / "requirements" / f"{lock}.lock").read_text(encoding="utf-8")
    entries = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)
    found = [entry for entry in entries if entry.split("==")[0] in names]
    assert {entry.split("==")[0] for entry in found} == names
    return found
