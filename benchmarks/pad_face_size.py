"""Measure P(live) against the size of the face: where the PAD bundle stops being stable.

Takes frames of live people and of prints, rescales each so that its face gets a given width, and
judges it again. Usage: python benchmarks/pad_face_size.py TESTDATA [MODELS]
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import cv2
import numpy as np

from edgeverify.domain import FaceBox, RgbImage
from edgeverify.models.folders import models_directory
from edgeverify.runtime.bundle import load_pad_bundle
from edgeverify.runtime.open_session import open_pad_sessions
from edgeverify.settings import ModelSettings, PadSettings, VisionSettings
from edgeverify.vision.detector import FaceDetector
from edgeverify.vision.pad import PadModel

WIDTHS = (60, 80, 100, 130, 160, 200, 250, 300, 400, 500)
FRAMES = 6
"""A person, a side."""
ANY_SIZE = PadSettings(min_face_pixels=10, max_face_pixels=10_000)


def pictures(folder: Path) -> list[Path]:
    """Choose some pictures of everybody, spread over their recordings."""
    chosen: list[Path] = []
    for person in sorted(folder.iterdir()):
        paths = sorted(person.glob("*.jpg"))
        chosen += [paths[i] for i in np.linspace(0, len(paths) - 1, FRAMES).astype(int)]
    return chosen


def largest(detector: FaceDetector, rgb: RgbImage) -> FaceBox | None:
    """Find the face with the largest eye distance."""
    return max(detector.detect(rgb), key=lambda box: box.eye_distance, default=None)


def main(testdata: Path, models: Path) -> None:
    """Print one line a width."""
    bundle = load_pad_bundle(models / "minifasnet")
    pad = PadModel(bundle, open_pad_sessions(bundle, ModelSettings(threads=1)).sessions, ANY_SIZE)
    detector = FaceDetector(VisionSettings(), threads=1)
    found: dict[tuple[str, int], list[float]] = {}
    for side, folder in (("live", "ClientRaw"), ("print", "ImposterRaw")):
        for path in pictures(testdata / "nuaa/db" / folder):
            rgb = np.asarray(cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB), np.uint8)
            box = largest(detector, rgb)
            if box is None:
                continue
            for width in WIDTHS:
                scale = width / box.width
                how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
                scaled = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=how)
                again = largest(detector, np.asarray(scaled, np.uint8))
                if again is not None:
                    live = pad.live_probability(np.asarray(scaled, np.uint8), again)
                    found.setdefault((side, width), []).append(float(live or 0.0))
    print(f"{'face':>5}  {'live frames':>11} {'mean':>6} {'< 0.5':>6}  {'prints':>6} {'max':>6}")
    for width in WIDTHS:
        live, fake = np.array(found["live", width]), np.array(found["print", width])
        print(
            f"{width:>5}  {len(live):>11} {live.mean():>6.3f} {(live < 0.5).mean():>6.1%}"
            f"  {len(fake):>6} {fake.max():>6.3f}"
        )


if __name__ == "__main__":
    main(
        Path(sys.argv[1]),
        Path(sys.argv[2]) if len(sys.argv) > 2 else models_directory(os.environ),
    )
