"""Nothing that a door installs or runs is MediaPipe's frozen runtime, or came with it."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from edgeverify.bundle.vision_bundle import NAME
from tests.faces import MODELS, face_finder

ROOT = Path(__file__).resolve().parents[2]
FROZEN = {"mediapipe", "jax", "jaxlib", "tensorflow", "tflite_runtime"}
PROTOBUF = "google"


def imported(path: Path) -> set[str]:
    """The first names of everything that a file imports, inside functions too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


@pytest.mark.parametrize("folder", ["edgeverify", "export"])
def test_no_file_imports_it(folder: str) -> None:
    files = sorted((ROOT / folder).rglob("*.py"))
    assert len(files) > 20
    names = set.union(*(imported(path) for path in files))
    assert "numpy" in names
    assert names.isdisjoint({*FROZEN, PROTOBUF})
    if folder == "edgeverify":
        assert "ai_edge_litert" in names


def closure(name: str) -> set[str]:
    """Everything that is installed with a distribution on this machine, by PEP 503 names."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        current = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if current in found:
            continue
        try:
            required = distribution(current).requires or []
        except PackageNotFoundError:
            continue
        found.add(current)
        for text in required:
            each = Requirement(text)
            if each.marker is None or each.marker.evaluate({"extra": ""}):
                waiting.append(each.name)
    return found


def test_nothing_that_is_installed_with_it_is_frozen() -> None:
    found = closure("edgeverify")
    assert {"ai-edge-litert", "numpy", "onnxruntime"} <= found
    assert found.isdisjoint({name.replace("_", "-") for name in FROZEN})


def test_finding_faces_loads_neither_it_nor_protobuf() -> None:
    face_finder().close()
    script = f"""
import sys
from pathlib import Path
from edgeverify.bundle.vision_bundle import load_vision_bundle
from edgeverify.settings import VisionSettings
from edgeverify.vision.opening import open_finder
open_finder(load_vision_bundle(Path({str(MODELS / NAME)!r})), VisionSettings())
print(*sorted(name.partition('.')[0] for name in sys.modules))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stderr == "", "LiteRT says nothing on standard error"
    loaded = set(done.stdout.split())
    assert "ai_edge_litert" in loaded
    assert loaded.isdisjoint({*FROZEN, PROTOBUF, "onnx", "matplotlib"})
