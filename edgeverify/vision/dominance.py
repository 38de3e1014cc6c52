"""Which of several faces is meant (pure)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import Enum

from edgeverify.domain import Asked, FaceBox, Gate, Reason, Refusal


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
