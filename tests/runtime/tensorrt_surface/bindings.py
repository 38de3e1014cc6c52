"""NVIDIA's real TensorRT bindings without a GPU, and the surface that they offer.

The wheels hold the whole Python API as one extension module that needs three libraries. Nine C
functions in three stubs, compiled by gcc here, are enough to import it; nothing in it can run.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

WHEELS = {"10": "tensorrt_cu12_bindings==10.16.1.11", "11": "tensorrt_cu13_bindings==11.4.0.106"}

STUBS = {
    "libnvinfer": (
        "createInferBuilder_INTERNAL",
        "createInferRefitter_INTERNAL",
        "createInferRuntime_INTERNAL",
        "getBuilderPluginRegistry",
        "getPluginRegistry",
    ),
    "libnvinfer_plugin": ("initLibNvInferPlugins",),
    "libnvonnxparser": (
        "createNvOnnxParserRefitter_INTERNAL",
        "createNvOnnxParser_INTERNAL",
        "getNvOnnxParserVersion",
    ),
}

USED_CLASSES = (
    "Builder",
    "BuilderFlag",
    "DataType",
    "EngineInspector",
    "IBuilderConfig",
    "ICudaEngine",
    "IExecutionContext",
    "IHostMemory",
    "ILogger",
    "INetworkDefinition",
    "IOptimizationProfile",
    "IProgressMonitor",
    "ITensor",
    "ITimingCache",
    "LayerInformationFormat",
    "Logger",
    "MemoryPoolType",
    "NetworkDefinitionCreationFlag",
    "OnnxParser",
    "ParserError",
    "ProfilingVerbosity",
    "Runtime",
    "TensorIOMode",
)

_DUMP = Path(__file__).with_name("dump.py")


def fetch(major: str, cache: Path) -> Path:
    """Get the wheel with pip into `cache` and unpack it; the folder to import from."""
    target = cache / f"bindings-{major}"
    if not target.is_dir():
        wheels = cache / f"wheels-{major}"
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps",
             "--disable-pip-version-check", "--only-binary", ":all:",
             "--python-version", "3.11", "-d", wheels, WHEELS[major]],
            check=True, capture_output=True, timeout=180,
        )  # fmt: skip
        (wheel,) = wheels.glob("*.whl")
        unpacked = cache / f".unpacking-{major}-{os.getpid()}"
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(unpacked)
        if not target.is_dir():
            unpacked.rename(target)
    return target


def build_stubs(major: str, folder: Path) -> Path:
    """Compile the three stub libraries; the folder for LD_LIBRARY_PATH."""
    folder.mkdir(parents=True, exist_ok=True)
    for library, functions in STUBS.items():
        source = folder / f"{library}.c"
        source.write_text("".join(f"void *{name}(void) {{ return 0; }}\n" for name in functions))
        name = f"{library}.so.{major}"
        subprocess.run(
            ["gcc", "-shared", "-fPIC", f"-Wl,-soname,{name}", "-o", folder / name, source],
            check=True,
            capture_output=True,
            timeout=60,
        )
    return folder


def run_with(bindings: Path, stubs: Path, script: Path, *arguments: str) -> str:
    """Run a script in a process that can import `tensorrt_bindings`; its standard output."""
    environment = {
        **os.environ,
        "LD_LIBRARY_PATH": str(stubs),
        "PYTHONPATH": str(bindings),
        "PYTHONWARNINGS": "ignore",
    }
    done = subprocess.run(
        [sys.executable, script, *arguments],
        check=False, capture_output=True, text=True, timeout=120, env=environment,
    )  # fmt: skip
    if done.returncode:
        raise AssertionError(f"the bindings do not import: {done.stderr[-2000:]}")
    return done.stdout


def dump_surface(bindings: Path, stubs: Path) -> dict[str, object]:
    """Read off the real bindings which classes and members exist, with their parameters."""
    found: dict[str, object] = json.loads(run_with(bindings, stubs, _DUMP, *USED_CLASSES))
    return found
