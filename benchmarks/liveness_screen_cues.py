"""Try two cheap signs of a screen or a held-up picture, which the door does not use.

`sides`: on how many of the four sides of the face (0 to 4) a straight edge runs that is at least
0.7 face heights long, as the rim of a phone or a sheet of paper does. `moire`: the highest peak of
the face's spectrum above a quarter cycle a pixel, over the median there, in decades.
Usage: python -m benchmarks.liveness_screen_cues ../shared/testdata
"""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.liveness_clips import FIRST_PHONE_FRAME, arguments, kinds
from edgeverify.domain import FaceBox, RgbImage
from edgeverify.evaluation.frame_runs import FrameRun, timed_frames
from edgeverify.models.folders import models_directory
from edgeverify.settings import VisionSettings
from edgeverify.verifier.pipeline import open_face_finder
from edgeverify.vision.contract import FaceDetector

EVERY = 5
"""Frames."""
MIN_LENGTH = 0.7
"""Of an edge, in face heights."""
NEAR, FAR = 0.55, 1.6
"""How far from the face's centre an edge may run, in face widths or heights."""
MAX_TILT = 20.0
"""Degrees off the upright or the level."""
SIDE = 128
"""Pixels of the face whose spectrum is taken; it is not scaled."""
STILLS = {
    "still: live": "image_T1.jpg",
    "still: print": "image_F1.jpg",
    "still: tablet": "image_F2.jpg",
}
Grey = NDArray[np.uint8]


def rim_sides(grey: Grey, box: FaceBox) -> int:
    """Count the sides of a face on which a long straight edge runs."""
    x, y = (box.left + box.right) / 2, (box.top + box.bottom) / 2
    wide, high = box.width, box.bottom - box.top
    left, top = max(0, int(x - FAR * wide)), max(0, int(y - FAR * high))
    part = grey[top : int(y + FAR * high), left : int(x + FAR * wide)]
    edges = cv2.Canny(part, 50, 150)
    found = cv2.HoughLinesP(
        edges, 1, np.pi / 180, 40, minLineLength=MIN_LENGTH * high, maxLineGap=0.08 * high
    )
    sides: set[str] = set()
    for x0, y0, x1, y1 in np.reshape(found, (-1, 4)) if found is not None else ():
        across = ((x0 + x1) / 2 + left - x) / wide
        down = ((y0 + y1) / 2 + top - y) / high
        tilt = abs(np.degrees(np.arctan2(abs(x1 - x0), abs(y1 - y0))))
        if tilt <= MAX_TILT and NEAR <= abs(across) <= FAR:
            sides.add("left" if across < 0 else "right")
        if tilt >= 90 - MAX_TILT and NEAR <= abs(down) <= FAR:
            sides.add("above" if down < 0 else "below")
    return len(sides)


def moire(grey: Grey, box: FaceBox) -> float:
    """Give the peak of the fine half of a face's spectrum over its median, log10."""
    x, y = int((box.left + box.right) / 2), int((box.top + box.bottom) / 2)
    part = grey[max(0, y - SIDE // 2) : y + SIDE // 2, max(0, x - SIDE // 2) : x + SIDE // 2]
    window = np.outer(np.hanning(part.shape[0]), np.hanning(part.shape[1]))
    spectrum = np.abs(np.fft.fft2((part - part.mean()) * window))
    down = np.abs(np.fft.fftfreq(part.shape[0]))[:, None]
    across = np.abs(np.fft.fftfreq(part.shape[1]))[None, :]
    fine = spectrum[(np.hypot(down, across) > 0.25) & (down > 0.02) & (across > 0.02)]
    return float(np.log10(fine.max() / max(float(np.median(fine)), 1e-9)))


def read(rgb: RgbImage, detector: FaceDetector) -> tuple[int, float] | None:
    """Read both signs around the largest face; None without one."""
    box = max(detector.detect(rgb), key=lambda one: one.eye_distance, default=None)
    if box is None:
        return None
    grey = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8)
    return rim_sides(grey, box), moire(grey, box)


def material(testdata: Path) -> dict[str, list[tuple[FrameRun, int]]]:
    """Give every kind's runs, each with its first frame."""
    found = {
        one.name: [(run, FIRST_PHONE_FRAME if one.name == "fake.mp4" else 0) for run in one.runs]
        for one in kinds(testdata)
    }
    for name, file in STILLS.items():
        path = testdata / "attacks/silent_face" / file
        found[name] = [(FrameRun(name=file, person=file, paths=(path,), is_video=False), 0)]
    return found


def main() -> None:
    """Print one line per kind of material."""
    testdata = arguments(__doc__).parse_args().testdata
    detector = open_face_finder(models_directory(os.environ), VisionSettings()).detector
    for name, runs in material(testdata).items():
        figures = [
            one
            for run, first in runs
            for _, rgb in islice(timed_frames(run), first, None, EVERY)
            if (one := read(rgb, detector)) is not None
        ]
        sides = np.array([count for count, _ in figures])
        peaks = np.array([peak for _, peak in figures])
        shares = ", ".join(f"{n}+ {(sides >= n).mean():.0%}" for n in (1, 2, 3))
        print(
            f"{name:<14}{len(figures):>4} frames; sides {shares}; "
            f"moire 5 % {np.percentile(peaks, 5):.2f}, median {np.median(peaks):.2f}, "
            f"95 % {np.percentile(peaks, 95):.2f}"
        )


if __name__ == "__main__":
    main()
