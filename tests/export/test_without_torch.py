"""What runs on a device must run without torch; what needs it must say so."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.runtime.tiny import tiny_network

BLOCKED = """
import sys
for name in ("torch", "torchvision", "timm"):
    sys.modules[name] = None
import importlib.util
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: (
    None if name in ("torch", "torchvision", "timm") else found(name, package))
from edgeverify_export.cli import app
app(sys.argv[1:])
"""


def run(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", BLOCKED, *map(str, words)],
        check=False,
        capture_output=True,
        text=True,
    )


@pytest.mark.slow
def test_adopting_inspecting_signing_and_engines_need_no_torch(tmp_path: Path) -> None:
    (tmp_path / "tiny.onnx").write_bytes(tiny_network())
    bundle, key = tmp_path / "tiny", tmp_path / "owner.pem"
    for words in (
        ("adopt", tmp_path / "tiny.onnx", "--statistics", "unit", "--template", "arcface-112",
         "-o", bundle),
        ("fp16", bundle),
        ("inspect", bundle),
        ("keygen", key),
        ("sign", bundle, "--key", key),
        ("verify", bundle, "--key", f"{key}.pub"),
    ):  # fmt: skip
        done = run(*words)
        assert done.returncode == 0, done.stderr
    engine = run("engine", bundle)
    assert engine.returncode == 2
    assert "TensorRT cannot be imported" in engine.stderr
    assert "Traceback" not in engine.stderr


@pytest.mark.parametrize("command", ["onnx", "explain"])
def test_what_needs_torch_says_how_to_get_it(command: str, tmp_path: Path) -> None:
    words: tuple[object, ...] = ("best.pt", "--arch", "mobilefacenet", "-o", tmp_path / "b")
    if command == "explain":
        words = ("bundle", "a.jpg", "b.jpg", "--checkpoint", "best.pt")
    done = run(command, *words)
    assert done.returncode == 2
    assert "pip install 'edgeverify[export]'" in done.stderr
    assert "Traceback" not in done.stderr
