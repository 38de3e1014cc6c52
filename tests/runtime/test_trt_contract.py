"""What we call exists in NVIDIA's own bindings, 8.5 to 11, read off the real ones."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.absent import absent
from tests.runtime.tensorrt_surface.bindings import (
    CUDA_WHEELS,
    WHEELS,
    build_stubs,
    dump_cuda_surface,
    dump_surface,
    fetch,
    interpreter,
)

HERE = Path(__file__).resolve().parent / "tensorrt_surface"
CACHE = Path(__file__).resolve().parents[2] / ".cache" / "tensorrt"


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("version", WHEELS)
def test_the_committed_surface_is_that_of_the_real_bindings(version: str, tmp_path: Path) -> None:
    if sys.platform != "linux":
        absent("NVIDIA's bindings are read on Linux")
    if shutil.which("gcc") is None:
        absent("gcc, which makes the stub libraries")
    python = interpreter(version)
    if python is None:
        # No other Python can: NVIDIA made 8.x for CPython 3.10 at most, and a CI that runs the
        # tests with 3.11 or 3.12 need not have it. The committed surface was read with 3.10.13.
        pytest.skip(f"TensorRT {version} has bindings for CPython 3.10 at most, and none is here")
    CACHE.mkdir(parents=True, exist_ok=True)
    try:
        bindings = fetch(version, CACHE)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        absent(f"pip cannot fetch {WHEELS[version]}: {str(error.stderr)[-300:]}")
    found = dump_surface(python, bindings, build_stubs(version, tmp_path / "stubs"))
    assert found == json.loads((HERE / f"surface_{version}.json").read_text("utf-8"))


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("version", CUDA_WHEELS)
def test_the_driver_is_called_as_the_real_cuda_bindings_take_it(version: str) -> None:
    """The same functions, parameters and numbers for CUDA 12 and 13; no driver is needed to ask."""
    committed = json.loads((HERE / "surface_cuda.json").read_text("utf-8"))
    CACHE.mkdir(parents=True, exist_ok=True)
    try:
        found = dump_cuda_surface(version, CACHE, list(committed["functions"]))
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        absent(f"pip cannot fetch {CUDA_WHEELS[version]}: {str(error.stderr)[-300:]}")
    assert found == committed


def _members(version: str, name: str) -> set[str]:
    surface = json.loads((HERE / f"surface_{version}.json").read_text("utf-8"))
    return set(surface["classes"].get(name, ()))


def test_where_precision_comes_from_differs_by_version() -> None:
    flags = {version: "FP16" in _members(version, "BuilderFlag") for version in WHEELS}
    assert flags == {"8.5": True, "8.6": True, "10": True, "11": False}
    typed = {
        version: "STRONGLY_TYPED" in _members(version, "NetworkDefinitionCreationFlag")
        for version in WHEELS
    }
    assert typed == {"8.5": False, "8.6": False, "10": True, "11": True}


def test_tf32_and_constraints_are_asked_of_versions_that_have_them() -> None:
    assert all("TF32" in _members(version, "BuilderFlag") for version in WHEELS)
    for version in ("8.5", "8.6"):
        assert "OBEY_PRECISION_CONSTRAINTS" in _members(version, "BuilderFlag")
        assert {"precision", "set_output_type"} <= _members(version, "ILayer")
    assert "precision" not in _members("11", "ILayer"), "there the graph alone decides"


def test_the_progress_monitor_came_after_8_6() -> None:
    has = {version: bool(_members(version, "IProgressMonitor")) for version in WHEELS}
    assert has == {"8.5": False, "8.6": False, "10": True, "11": True}
