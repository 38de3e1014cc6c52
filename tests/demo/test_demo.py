"""`edgeverify demo` from nothing, as a newcomer runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.models.conftest import CACHE, dlib_file, real_photos

__all__ = ["dlib_file", "real_photos"]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def test_the_whole_demo(dlib_file: bytes, real_photos: dict[str, Path], tmp_path: Path) -> None:
    assert dlib_file
    assert real_photos
    environ = {**os.environ, "XDG_DATA_HOME": str(tmp_path), "CACHE_DIRECTORY": str(CACHE)}
    command = [sys.executable, "-m", "edgeverify", "demo", "--model", "dlib-resnet"]
    command += ["--folder", str(tmp_path / "demo")]
    result = subprocess.run(
        command, capture_output=True, text=True, env=environ, timeout=500, check=False
    )
    log = tmp_path / "demo" / "daemon.log"
    said = result.stdout + result.stderr + (log.read_text() if log.exists() else "")
    assert result.returncode == 0, said
    assert "7 of 7 scenes ended as they must" in result.stdout
    assert "liveness: off" in result.stdout
    assert "Traceback" not in said
    with Image.open(tmp_path / "demo" / "contact-sheet.png") as sheet:
        assert sheet.width == 1280
        assert sheet.height > 1280
