"""The lock's own wheel: built from this tree, installed alone, small, and whole."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAX_MEBIBYTES = 60
NEED_NUMPY = ("arrays", "biometric", "observation", "picture")
EVERYTHING = """
import importlib.util, pkgutil, sys, edgeverify
for module in pkgutil.walk_packages(edgeverify.__path__, "edgeverify."):
    if module.name not in NEEDS_NUMPY:
        __import__(module.name)
from edgeverify.client import subscribe
assert importlib.util.find_spec("numpy") is None
print(sum(name.startswith("edgeverify.") for name in sys.modules))
""".replace("NEEDS_NUMPY", repr([f"edgeverify.domain.{name}" for name in NEED_NUMPY]))


def _mebibytes(folder: Path) -> float:
    return sum(each.stat().st_size for each in folder.rglob("*") if each.is_file()) / 2**20


@pytest.mark.slow
def test_the_lock_and_the_client_are_installed_alone_within_60_mb(tmp_path: Path) -> None:
    """About 20 s: pip builds a wheel and fetches eight packages."""

    def run(*command: str) -> str:
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    run(*pip, "wheel", "--no-deps", "--wheel-dir", "dist", str(ROOT / "packaging" / "lock"))
    (wheel,) = (tmp_path / "dist").glob("edgeverify_lock-*.whl")
    run(sys.executable, "-m", "venv", "--without-pip", "alone")
    python = str(tmp_path / "alone" / "bin" / "python")
    run(*pip, "--python", python, "install", str(wheel))  # with bytecode, as users get it
    taken = _mebibytes(tmp_path / "alone")
    print(f"{taken:.1f} MiB")  # noqa: T201 - a figure of docs/lock.md
    assert taken < MAX_MEBIBYTES
    assert int(run(python, "-c", EVERYTHING)) > 50
    lock = str(tmp_path / "alone" / "bin" / "edgeverify-lock")
    assert run(lock, "--version").startswith("edgeverify-lock ")
    checked = subprocess.run(
        [lock, "check-config", "-c", str(ROOT / "config" / "edgeverify-lock.yaml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "front-door.pub" in checked.stderr, "the config holds; its key is not there"
