"""A bundle that somebody has changed by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from edgeverify.bundle.canonical_json import sha256_of


def change_manifest(folder: Path, change: Callable[[dict[str, object]], None]) -> None:
    path = folder / "manifest.json"
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def replace_model(folder: Path, model: bytes) -> None:
    """Put another graph in place and make the manifest's hash fit it, as a careless owner would."""
    (folder / "model.onnx").write_bytes(model)
    change_manifest(folder, lambda m: m["files"].update({"model.onnx": sha256_of(model)}))
