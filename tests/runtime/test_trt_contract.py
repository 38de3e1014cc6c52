"""What we call exists in NVIDIA's own bindings, 10.x and 11.x, read off the real ones."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.runtime.tensorrt_surface.bindings import build_stubs, dump_surface, fetch

HERE = Path(__file__).resolve().parent / "tensorrt_surface"
CACHE = Path(__file__).resolve().parents[2] / ".cache" / "tensorrt"

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("major", ["10", "11"])
def test_the_committed_surface_is_that_of_the_real_bindings(major: str, tmp_path: Path) -> None:
    if sys.version_info[:2] != (3, 11) or sys.platform != "linux":
        pytest.skip("NVIDIA's small bindings wheels are read with CPython 3.11 on Linux")
    if shutil.which("gcc") is None:
        pytest.skip("gcc makes the stub libraries")
    CACHE.mkdir(parents=True, exist_ok=True)
    try:
        bindings = fetch(major, CACHE)
    except subprocess.CalledProcessError as error:
        pytest.fail(f"pip cannot fetch the bindings: {error.stderr[-500:]!r}")
    found = dump_surface(bindings, build_stubs(major, tmp_path / "stubs"))
    assert found == json.loads((HERE / f"surface_{major}.json").read_text("utf-8"))


def test_fp16_is_a_flag_in_10_and_gone_in_11() -> None:
    flags = {
        major: json.loads((HERE / f"surface_{major}.json").read_text())["classes"]["BuilderFlag"]
        for major in ("10", "11")
    }
    assert "FP16" in flags["10"]
    assert "FP16" not in flags["11"]
