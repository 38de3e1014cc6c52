"""The face in the middle of a picture, for benchmarks whose pictures are centred on somebody.

The detector was made for faces at a distance: beside a smaller one it misses some that fill half of
the picture (2 of LFW's 3,074), and the face that it did find is then somebody else's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from edgeverify.domain import FaceBox, RgbImage
from edgeverify.vision.contract import FaceDetector


def holds_middle(box: FaceBox, rgb: RgbImage) -> bool:
    """Return whether the middle of a picture lies in a face's box."""
    height, width = rgb.shape[:2]
    return bool(box.left <= width / 2 <= box.right and box.top <= height / 2 <= box.bottom)


def find_the_middle(
    detector: FaceDetector, rgb: RgbImage, boxes: Sequence[FaceBox]
) -> tuple[FaceBox, ...]:
    """Return all faces of a picture, one that holds its middle among them if there is any.

    `boxes` are those that were found in it as it is; where none holds the middle, the picture is
    looked at again with margins, half as large to the detector. RuntimeUnavailableError where the
    network fails.
    """
    if not boxes or any(holds_middle(box, rgb) for box in boxes):
        return tuple(boxes)
    height, width = rgb.shape[:2]
    top, left = height // 2, width // 2
    wide: RgbImage = np.zeros((2 * height, 2 * width, 3), np.uint8)
    wide[top : top + height, left : left + width] = rgb
    again = tuple(_moved(box, left, top) for box in detector.detect(wide))
    return again if any(holds_middle(box, rgb) for box in again) else tuple(boxes)


def _moved(box: FaceBox, left: int, top: int) -> FaceBox:
    def at(point: tuple[float, float]) -> tuple[float, float]:
        return point[0] - left, point[1] - top

    return replace(
        box,
        left=box.left - left,
        right=box.right - left,
        top=box.top - top,
        bottom=box.bottom - top,
        right_eye=at(box.right_eye),
        left_eye=at(box.left_eye),
    )
