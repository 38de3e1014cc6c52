"""Which of several faces is meant (pure).

At a door it is the one that is much larger than the others; in benchmarks whose pictures are
centred on somebody, the one in the middle. The detector was made for faces at a distance: beside a
smaller one it misses some that fill half of the picture (2 of LFW's 3,074), and the face that it
did find is then somebody else's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from enum import Enum

import numpy as np

from edgeverify.domain import Asked, FaceBox, Gate, Reason, Refusal, RgbImage
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


class FaceSelection(Enum):
    """The rule by which one face of a picture is taken."""

    DOMINANT = "dominant"
    """The door's: one face must be clearly larger than any other, else `multiple_faces`."""
    CENTRAL = "central"
    """For benchmarks whose pictures are centred on the person meant, such as LFW."""
    LARGEST = "largest"
    """The largest eye distance, whoever else is there."""


def select(
    boxes: Sequence[FaceBox],
    selection: FaceSelection,
    *,
    ratio: float,
    width: int,
    height: int,
) -> FaceBox | Refusal:
    """One face by the given rule; `ratio` is for `DOMINANT`, the picture's size for `CENTRAL`."""
    if not boxes:
        return Refusal(
            reason=Reason.NO_FACE,
            gate=Gate.NO_FACE,
            hint=Asked.STAND_IN_FRONT,
        )
    if selection is FaceSelection.DOMINANT:
        return dominant(boxes, ratio)
    if selection is FaceSelection.CENTRAL:
        return min(boxes, key=lambda box: math.dist(box.centre, (width / 2, height / 2)))
    return max(boxes, key=lambda box: box.eye_distance)


def dominant(boxes: Sequence[FaceBox], ratio: float) -> FaceBox | Refusal:
    """Pick the face whose eye distance is at least `ratio` times any other's, else a refusal."""
    if not boxes:
        raise ValueError("dominant() needs at least one face")
    first, *others = sorted(boxes, key=lambda box: box.eye_distance, reverse=True)
    if others and first.eye_distance < ratio * others[0].eye_distance:
        return Refusal(
            reason=Reason.MULTIPLE_FACES,
            gate=Gate.MULTIPLE_FACES,
            hint=Asked.ONE_PERSON,
            measured=first.eye_distance / max(others[0].eye_distance, 1e-6),
            limit=ratio,
        )
    return first
