"""NVIDIA's real TensorRT bindings without a GPU, and the surface that they offer.

The wheels hold the whole Python API as one extension module that needs three libraries (8.x four).
Nine C functions in three stubs (8.x: four more names of its old parsers), compiled by gcc here, are
enough to import it; nothing in it can run.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

WHEELS = {
    "8.5": "tensorrt==8.5.3.1",
    "8.6": "tensorrt==8.6.0",
    "10": "tensorrt_cu12_bindings==10.16.1.11",
    "11": "tensorrt_cu13_bindings==11.4.0.106",
}
"""8.x: whole wheels of 550 and 820 MB, of which two files of 4 MB are kept."""

_OLD_PARSERS = {
    "libnvparsers": (
        "_ZN11nvuffparser15createUffParserEv",
        "_ZN11nvuffparser8FieldMapC1EPKcPKvNS_9FieldTypeEi",
        "_ZN14nvcaffeparser117createCaffeParserEv",
        "_ZN14nvcaffeparser123shutdownProtobufLibraryEv",
    )
}
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
    "ILayer",
    "ILogger",
    "INetworkDefinition",
    "IOptimizationProfile",
    "IProgressMonitor",
    "ITensor",
    "ITimingCache",
    "LayerInformationFormat",
    "LayerType",
    "Logger",
    "MemoryPoolType",
    "NetworkDefinitionCreationFlag",
    "OnnxParser",
    "ParserError",
    "ProfilingVerbosity",
    "Runtime",
    "TensorIOMode",
)

CUDA_WHEELS = {"12": "cuda-bindings==12.9.10", "13": "cuda-bindings==13.4.4"}
"""The newest of CUDA 12, and the newest of CUDA 13 that CPython 3.10 has too."""

_DUMP = Path(__file__).with_name("dump.py")


@functools.cache
def interpreter(version: str) -> Path | None:
    """Find a Python that can import these bindings: this one, but for 8.x (CPython 3.10 at most).

    The variable PYTHON310 names one that is not on the path.
    """
    if not version.startswith("8.") or sys.version_info[:2] == (3, 10):
        return Path(sys.executable)
    found = os.environ.get("PYTHON310") or shutil.which("python3.10")
    asked = found and subprocess.run(
        [found, "-c", "import sys; print(sys.executable)"], check=False, capture_output=True
    )
    return Path(asked.stdout.decode().strip()) if asked and asked.returncode == 0 else None


def fetch(version: str, cache: Path) -> Path:
    """Get the wheel with pip into `cache` and unpack it; the folder to import from."""
    python = "3.10" if version.startswith("8.") else ".".join(map(str, sys.version_info[:2]))
    target = cache / f"bindings-{version}-py{python}"
    if not target.is_dir():
        wheels = cache / f"wheels-{version}-{os.getpid()}"
        try:
            subprocess.run(
                [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps",
                 "--no-cache-dir", "--disable-pip-version-check", "--only-binary", ":all:",
                 "--python-version", python, "-d", wheels, WHEELS[version]],
                check=True, capture_output=True, timeout=600,
            )  # fmt: skip
            (wheel,) = wheels.glob("*.whl")
            _unpack(wheel, target)
        finally:
            shutil.rmtree(wheels, ignore_errors=True)
    return target


def _unpack(wheel: Path, target: Path) -> None:
    unpacked = target.with_name(f".{target.name}-{os.getpid()}")
    package = unpacked / "tensorrt_bindings"
    package.mkdir(parents=True)
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            folder, _, file = name.partition("/")
            # In 8.x the package is called `tensorrt`, and the libraries lie in it.
            if folder in {"tensorrt", "tensorrt_bindings"} and not file.startswith("lib"):
                (package / file).parent.mkdir(parents=True, exist_ok=True)
                if not name.endswith("/"):
                    (package / file).write_bytes(archive.read(name))
    if target.is_dir():
        shutil.rmtree(unpacked)
    else:
        unpacked.rename(target)


def build_stubs(version: str, folder: Path) -> Path:
    """Compile the stub libraries; the folder for LD_LIBRARY_PATH."""
    folder.mkdir(parents=True, exist_ok=True)
    major = version.partition(".")[0]
    for library, functions in {**STUBS, **(_OLD_PARSERS if major == "8" else {})}.items():
        source = folder / f"{library}.c"
        source.write_text("".join(f"void *{name}(void) {{ return 0; }}\n" for name in functions))
        name = f"{library}.so.{major}"
        subprocess.run(
            ["gcc", "-shared", "-fPIC", f"-Wl,-soname,{name}", "-o", folder / name, source],
            check=True,
            capture_output=True,
        )
    return folder


def run_with(python: Path, bindings: Path, stubs: Path, script: Path, *arguments: str) -> str:
    """Run a script in a process that can import `tensorrt_bindings`; its standard output."""
    environment = {
        **os.environ,
        "LD_LIBRARY_PATH": str(stubs),
        "PYTHONPATH": str(bindings),
        "PYTHONWARNINGS": "ignore",
    }
    done = subprocess.run(
        [python, script, *arguments],
        check=False, capture_output=True, text=True, env=environment,
    )  # fmt: skip
    if done.returncode:
        raise AssertionError(f"the bindings do not import: {done.stderr[-2000:]}")
    return done.stdout


def dump_surface(python: Path, bindings: Path, stubs: Path) -> dict[str, object]:
    """Read off the real bindings which classes and members exist, with their parameters."""
    found: dict[str, object] = json.loads(run_with(python, bindings, stubs, _DUMP, *USED_CLASSES))
    return found


def dump_cuda_surface(version: str, cache: Path, functions: list[str]) -> dict[str, object]:
    """Read off the real CUDA bindings, which pip fetches into `cache`, what the functions take."""
    target = cache / f"cuda-{version}-py{sys.version_info[0]}.{sys.version_info[1]}"
    if not target.is_dir():
        made = target.with_name(f".{target.name}-{os.getpid()}")
        subprocess.run(
            [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
             "--only-binary", ":all:", "--target", made, CUDA_WHEELS[version]],
            check=True, capture_output=True, timeout=600,
        )  # fmt: skip
        if target.is_dir():
            shutil.rmtree(made)
        else:
            made.rename(target)
    found: dict[str, object] = json.loads(
        run_with(Path(sys.executable), target, target, _DUMP.with_name("dump_cuda.py"), *functions)
    )
    return found
