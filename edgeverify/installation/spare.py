"""What the packages of a door carry beside what it runs, and what of it is taken away again."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from edgeverify.installation.steps import Step

SPARE: Mapping[str, str] = {
    "onnxruntime/capi/libonnxruntime.so*": "for C programs; Python's module has all of it inside",
    "onnxruntime/quantization": "makes INT8 graphs, which the workshop does",
    "onnxruntime/tools": "changes graphs, likewise",
    "onnxruntime/transformers": "the same for language models",
    "sympy": "for the tools of ONNX Runtime's last release for Python 3.10",
    "mpmath": "for sympy",
    "ai_edge_litert/libLiteRtWebGpuAccelerator.so": "a door's networks run on the CPU",
    "ai_edge_litert/libLiteRt.so": "its other programming interface, loaded where it lies, unused",
    "ai_edge_litert/tools": "compilers for phones' chips",
    "ai_edge_litert/vendors": "the same, one for each maker",
    "onnx/backend/test": "models that test other programs",
    "onnx/defs/**/*.cc": "source text of what is compiled",
    "cv2/data/*.xml": "OpenCV's own face detectors",
    "PIL/_imagingft*.so": "letters, which a door does not draw",
    "pillow.libs/libfreetype-*": "for them",
    "pillow.libs/libharfbuzz-*": "likewise",
    "numpy/**/tests": "numpy's own tests",
    "numpy/f2py": "compiles Fortran",
    "pygments/lexers/[a-z]*": "colours programs' source text",
    "setuptools*": "builds packages; a newer Python's environments have none",
    "pkg_resources": "part of it",
    "_distutils_hack": "part of it",
    "distutils-precedence.pth": "part of it",
    "pip/**/__pycache__": "pip runs when a model is fetched, and not again",
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
