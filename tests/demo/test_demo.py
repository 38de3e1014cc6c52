"""`edgeverify demo` from nothing, as a newcomer runs it: an empty home, no cache, no setting."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from edgeverify.demo.scenes import SCENES
from tests.absent import absent

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

KEPT = ("PATH", "LANG", "LD_LIBRARY_PATH", "SSL_CERT_FILE", "CI")


def newcomer(home: Path) -> dict[str, str]:
    """Return an environment in which nothing of an earlier run can be found.

    Only pip's own settings stay: they say where this machine gets its packages.
    """
    settings = {
        name: value
        for name, value in os.environ.items()
        if name in KEPT or (name.startswith("PIP_") and name != "PIP_CACHE_DIR")
    }
    return {**settings, "HOME": str(home), "PIP_CONFIG_FILE": _pip_settings(home)}


def _pip_settings(home: Path) -> str:
    """Return a file with what this user's pip is set to, for a home that has no such file."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    lines = ["[global]"]
    for line in said.splitlines():
        name, _, value = line.partition("=")
        if name.startswith("global.") and not name.endswith("cache-dir"):
            lines.append(f"{name.removeprefix('global.')} = {value.strip(chr(39))}")
    path = home.with_name("pip.conf")
    path.write_text("\n".join([*lines, ""]))
    return str(path)


def test_the_whole_demo_in_an_empty_home(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    command = [sys.executable, "-m", "edgeverify", "demo"]
    result = subprocess.run(
        command,
        capture_output=True,
        text=True,
        env=newcomer(home),
        cwd=tmp_path,
        timeout=800,
        check=False,
    )
    log = tmp_path / "demo-output" / "daemon.log"
    said = result.stdout + result.stderr + (log.read_text() if log.exists() else "")
    if "the index cannot be reached" in said:
        absent("no package index within reach")
    assert result.returncode == 0, said
    assert f"{len(SCENES)} of {len(SCENES)} scenes ended as they must" in result.stdout
    assert "liveness: off" in result.stdout
    assert "Traceback" not in said
    assert list((home / ".local/share/edgeverify/models").glob("*/manifest.json"))
    with Image.open(tmp_path / "demo-output" / "contact-sheet.png") as sheet:
        assert sheet.width == 1280
        assert sheet.height > 1280
