"""Print how far the product's faces are from those of MediaPipe itself.

    make mediapipe          # MediaPipe 0.10.21 in an environment of its own (CPython 3.10 to 3.12)
    python -m benchmarks.mediapipe_equality ../shared/testdata [--share 4] [--pairs 1]

Exit 1 where a goal is not met. `--golden FILE` writes the golden answers of the vision bundle, as
MediaPipe gives them, instead.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
from pathlib import Path

from benchmarks.mediapipe_equality.comparing import (
    MAX_BOX_PIXELS,
    MAX_MESH_PERCENT,
    Difference,
    compare,
)
from benchmarks.mediapipe_equality.decisions import SCALE, Changes, compare_decisions
from benchmarks.mediapipe_equality.golden import golden_by_mediapipe
from benchmarks.mediapipe_equality.material import kinds
from benchmarks.mediapipe_equality.yardstick import Yardstick, python_of_mediapipe
from edgeverify.models.folders import models_directory
from edgeverify.progress import counted
from edgeverify.settings import ModelSettings, VisionSettings
from edgeverify.verifier.pipeline import open_face_finder
from edgeverify.vision.golden import MIN_CONFIDENCE

SHOWN = 20


def main() -> int:
    """Compare, print the table, and return the exit status."""
    asked = _arguments()
    python = python_of_mediapipe()
    if python is None:
        print("MediaPipe's environment is not here: run `make mediapipe` first.", file=sys.stderr)
        return 2
    if asked.golden is not None:
        yardstick = Yardstick(python, MIN_CONFIDENCE)
        asked.golden.write_text(golden_by_mediapipe(yardstick), encoding="utf-8")
        yardstick.close()
        return 0
    settings = VisionSettings()
    finder = open_face_finder(models_directory(os.environ), settings)
    yardstick = Yardstick(python, settings.min_detection_confidence)
    whole = Difference()
    print("| pictures | number | faces | boxes, pixels | eyes, pixels | mesh, % of eye distance |")
    print("|---|---|---|---|---|---|")
    for name, pictures in kinds(asked.testdata, asked.share).items():
        found = compare(counted(pictures(), name), finder, yardstick)
        print(_row(name, found), flush=True)
        whole += found
    print(_row("all", whole))
    changes = None
    if asked.pairs:
        changes = compare_decisions(
            asked.testdata, finder, yardstick, share=asked.pairs, model=asked.model
        )
        print(_words(changes, asked.model))
    finder.close()
    yardstick.close()
    misses = whole.misses()
    if changes is not None and changes.by_runtime > changes.by_scale:
        misses.append("more decisions change with the runtime than with the picture's scale")
    for miss in misses[:SHOWN]:
        print(f"NOT MET: {miss}")
    return 1 if misses else 0


def _row(name: str, found: Difference) -> str:
    cells = " | ".join(
        "none" if math.isnan(most) else f"{high:.3f}, {most:.3f}"
        for high, most in found.percentiles()
    )
    return f"| {name} | {found.pictures} | {found.faces} | {cells} |"


def _words(changes: Changes, model: str) -> str:
    return (
        f"\nOf {changes.pairs} listed LFW pairs with {model} at {changes.threshold:.4f}: "
        f"{changes.by_runtime} decisions differ between MediaPipe and LiteRT, "
        f"{changes.by_scale} between a picture and the same at {SCALE} times its size; "
        f"the largest difference of a score between the runtimes is "
        f"{changes.largest_difference:.4f}."
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("testdata", type=Path, nargs="?", default=Path("../shared/testdata"))
    parser.add_argument("--share", type=int, default=1, help="take every so many-th picture")
    parser.add_argument("--pairs", type=int, default=1, help="every so many-th pair; 0: none")
    parser.add_argument("--model", default=ModelSettings().bundle, help="the embedder that decides")
    parser.add_argument("--golden", type=Path, help="write the golden answers here instead")
    parser.epilog = (
        f"Goals: the same faces; boxes and eyes within {MAX_BOX_PIXELS} pixels; mesh points within "
        f"{MAX_MESH_PERCENT} % at the 99th percentile."
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
