"""What the packages of a door carry beside what it runs, and what of it is taken away again."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from edgeverify.installation.steps import Step

SPARE: Mapping[str, str] = {
    "onnxruntime/capi/libonnxruntime.so*": "for C programs; Python's module has all of it inside",
    "ai_edge_litert/libLiteRtWebGpuAccelerator.so": "a door's networks run on the CPU",
    "ai_edge_litert/tools": "compilers for phones' chips",
    "ai_edge_litert/vendors": "the same, one for each maker",
    "onnx/backend/test": "models that test other programs",
    "numpy/**/tests": "numpy's own tests",
}
"""Globs below site-packages, and why nothing of a door loads what they name."""


def take_spare(release: Path) -> Step:
    """Plan to take away what no door loads from a release's environment."""

    def act() -> None:
        for packages in release.glob("lib/python3*/site-packages"):
            for pattern in SPARE:
                for path in sorted(packages.glob(pattern)):
                    if path.is_dir():
                        shutil.rmtree(path)
                    else:
                        path.unlink()

    where = f"{release}/lib/python3*/site-packages"
    return Step(f"cd {where} && rm -rf {' '.join(SPARE)}", act, "what no door loads")
