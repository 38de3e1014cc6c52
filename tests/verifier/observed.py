"""What a pipeline is shown, and what it said."""

from __future__ import annotations

from collections.abc import Callable

from edgeverify.comparison import fuse
from edgeverify.domain import (
    Frame,
    Observation,
    OperatingPoint,
    Reference,
    RgbImage,
)
from edgeverify.verifier.pipeline import Pipeline

Photo = Callable[[str], RgbImage]


POINT = OperatingPoint(threshold=0.5, max_fmr=None, evidence="written by hand for the test")


def enrolled(pipeline: Pipeline, card: str, rgb: RgbImage) -> Reference:
    result = pipeline.probe(rgb, side="reference")
    assert result.embedding is not None
    return Reference(card=card, name=card, embedding=fuse([result.embedding]), photo_count=1)


def frame_of(rgb: RgbImage) -> Frame:
    return Frame(rgb=rgb, sequence=7, captured_at=12.5)


def score_of(seen: Observation) -> float:
    assert seen.comparison is not None
    return seen.comparison.score
