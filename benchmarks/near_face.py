"""How often a near face is missed while one behind it is found, and what looking nearer wins.

    python -m benchmarks.near_face ../shared/testdata

First one LFW face large and another one small in a frame of 640x480, 40 pairs of people drawn by a
fixed seed, the large one so much of the frame's height (its box: brows to chin). Then every frame
of the people before a camera, and how long `look_nearer` takes where it looks, by `detect`.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from benchmarks.shipped_points.material import camera_frames, pair_list, pictures
from edgeverify.domain import FaceBox, RgbImage
from edgeverify.evaluation.images.pairs import read_pairs
from edgeverify.models.folders import models_directory
from edgeverify.settings import QualitySettings, VisionSettings
from edgeverify.verifier.pipeline import open_face_finder
from edgeverify.vision.contract import FaceDetector
from edgeverify.vision.detector import DOUBTFUL
from edgeverify.vision.dominance import FaceSelection, select

SHARES = (0.4, 0.55, 0.7, 0.85, 0.95, 1.05)
PAIRS = 40
WIDTH, HEIGHT = 640, 480
BEHIND = 70
"""Pixels of the small face's box: some 29 between its eyes."""
SEED = 3
SMALLEST = QualitySettings().min_eye_distance_pixels


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("testdata", type=Path)
    given = parser.parse_args()
    finder = open_face_finder(models_directory(os.environ), VisionSettings())
    names = sorted(
        {
            key.path(pictures(given.testdata))
            for pair in read_pairs(pair_list(given.testdata))
            for key in (pair.probe, pair.reference)
        }
    )
    generator = np.random.default_rng(SEED)
    drawn = [generator.choice(len(names), PAIRS, replace=False) for _ in ("near", "behind")]
    near, behind = ([portrait(finder.detector, names[index]) for index in side] for side in drawn)
    for share in SHARES:
        print(_row(finder.detector, near, behind, share), flush=True)
    print(_live(finder.detector, given.testdata))
    finder.close()


Portrait = tuple[RgbImage, FaceBox]


def portrait(detector: FaceDetector, path: Path) -> Portrait:
    """Read a picture, and find the face in its middle; TypeError where there is none."""
    rgb = np.asarray(cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB), np.uint8)
    height, width = rgb.shape[:2]
    box = select(detector.detect(rgb), FaceSelection.CENTRAL, ratio=1.5, width=width, height=height)
    if not isinstance(box, FaceBox):
        raise TypeError(f"{path} shows nobody")
    return rgb, box


def _row(
    detector: FaceDetector, near: Sequence[Portrait], behind: Sequence[Portrait], share: float
) -> str:
    missed = hidden = still = looked = 0
    for one, other in zip(near, behind, strict=True):
        frame, eyes = staged(one, other, share)
        once = detector.detect(frame, twice=False)
        missed += not _shows(once, eyes)
        hidden += bool(once) and not _shows(once, eyes)
        found = detector.detect(frame)
        looked += bool(once) and _is_doubtful(once)
        still += not _shows(detector.look_nearer(frame, found, smallest=SMALLEST), eyes)
    return (
        f"near face {share:.0%} of the height, {len(near)} frames: missed {missed}, of which one "
        f"behind was found in {hidden}; looked nearer in {looked}; still missed {still}"
    )


def staged(near: Portrait, behind: Portrait, share: float) -> tuple[RgbImage, float]:
    """Put a large face before a small one; return the frame, and the large one's eye distance."""
    frame: RgbImage = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    scale = share * HEIGHT / near[1].height
    _put(frame, near, scale, (420, 250), None)
    _put(frame, behind, BEHIND / behind[1].height, (60, 70), (110, 120))
    return frame, near[1].eye_distance * scale


def _put(
    frame: RgbImage,
    person: Portrait,
    scale: float,
    at: tuple[int, int],
    cut: tuple[int, int] | None,
) -> None:
    rgb, box = person
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    whole = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=how)
    x, y = (round(each * scale) for each in box.centre)
    half_x, half_y = (part // 2 for part in cut) if cut else (WIDTH, HEIGHT)
    left, top = max(0, x - half_x, x - at[0]), max(0, y - half_y, y - at[1])
    right = min(whole.shape[1], x + half_x, x + WIDTH - at[0])
    bottom = min(whole.shape[0], y + half_y, y + HEIGHT - at[1])
    frame[at[1] - y + top : at[1] - y + bottom, at[0] - x + left : at[0] - x + right] = whole[
        top:bottom, left:right
    ]


def _shows(found: Sequence[FaceBox], eyes: float) -> bool:
    return any(box.eye_distance > eyes / 2 for box in found)


def _is_doubtful(found: Sequence[FaceBox]) -> bool:
    nearest = max(found, key=lambda box: box.eye_distance)
    return nearest.confidence < DOUBTFUL or nearest.eye_distance < SMALLEST


def _live(detector: FaceDetector, testdata: Path) -> str:
    lines, pauses = [], []
    counted: dict[str, list[int]] = {}
    for frame in camera_frames(testdata):
        row = counted.setdefault(frame.camera, [0, 0, 0])
        start = time.perf_counter()
        found = detector.detect(frame.rgb)
        middle = time.perf_counter()
        nearer = detector.look_nearer(frame.rgb, found, smallest=SMALLEST)
        end = time.perf_counter()
        row[0] += 1
        if found and _is_doubtful(found):
            row[1] += 1
            pauses.append((end - middle) / (middle - start))
        row[2] += len(nearer) != len(found)
    for camera, (frames, looked, changed) in counted.items():
        said = f"looked nearer in {looked}, found more in {changed}"
        lines.append(f"{camera}: {frames} frames, {said}")
    lines.append(f"looking nearer by looking once, median: {statistics.median(pauses):.2f}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
