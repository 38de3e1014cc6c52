"""Where in two faces a score comes from: occlusion maps on the network that is deployed.

A grey patch slides over a chip; where the score falls, the network had been looking. Source:
Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014, section 4.2.
It needs no gradients, so it runs on every bundle, metric and back end, with mirror and
normalisation as the door has them on either side.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from edgeverify.comparison import score
from edgeverify.domain import AlignedFace, Embedding, OperatingPoint, Refusal
from edgeverify.errors import EvaluationError
from edgeverify.feeding.statement import Side
from edgeverify.settings import QualitySettings
from edgeverify.verifier.pipeline import Pipeline, ProbeResult
from edgeverify.vision.embedder import Chips, Embedder
from edgeverify.vision.quality import refuse

Heat: TypeAlias = NDArray[np.float32]
"""Drop of the score when covered, float32 (size, size), score units; above 0 speaks for a match."""

Progress: TypeAlias = Callable[[int, int], None]
"""Called with the runs that are done, and how many there are."""

BATCH = 16


def _nowhere(_done: int, _total: int) -> None:
    """Show nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """A grey square of `side`, moved by `step`; both are shares of the chip's side."""

    side: float = 0.2
    step: float = 0.05

    def __post_init__(self) -> None:
        if not 0 < self.step <= self.side < 1:
            raise EvaluationError(
                f"a patch of {self.side:g} that moves by {self.step:g} does not cover a chip",
                advice="Give shares of the chip: 0 < step <= side < 1.",
            )

    def corners(self, size: int) -> tuple[int, tuple[tuple[int, int], ...]]:
        """Return the patch's side in pixels and every top left corner (row, column)."""
        side = max(1, round(self.side * size))
        step = min(side, max(1.0, self.step * size))
        count = math.ceil((size - side) / step) + 1
        places = [int(place) for place in np.linspace(0, size - side, count)]
        return side, tuple((row, column) for row in places for column in places)


_PATCH = Patch()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ExplainedFace:
    """One of the two images: what the door saw in it, and its map.

    `refusal` is what the door's gates would have said; they refuse nothing here.
    """

    name: str
    seen: ProbeResult
    refusal: Refusal | None
    heat: Heat


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Explanation:
    """A score, its threshold (None where none was measured) and both maps."""

    probe: ExplainedFace
    reference: ExplainedFace
    score: float
    point: OperatingPoint | None
    model: str
    metric: str

    @property
    def verdict(self) -> str:
        """`match`, `non_match`, or `no_threshold`."""
        if self.point is None:
            return "no_threshold"
        return "match" if self.score >= self.point.threshold else "non_match"


def explain_pair(
    pipeline: Pipeline,
    probe: tuple[str, ProbeResult],
    reference: tuple[str, ProbeResult],
    *,
    point: OperatingPoint | None,
    gates: QualitySettings,
    patch: Patch = _PATCH,
    progress: Progress = _nowhere,
) -> Explanation:
    """Score two probed images (name, result) and map either's share in the score.

    Raises EvaluationError where one of them holds no embedding.
    """
    embeddings = _embedding(*probe), _embedding(*reference)
    embedder = pipeline.embedder
    size = probe[1].chips[0].rgb.shape[0]
    runs = len(patch.corners(size)[1])

    def explained(
        given: tuple[str, ProbeResult], side: Side, other: Embedding, before: int
    ) -> ExplainedFace:
        name, seen = given
        if not seen.chips or seen.face is None or seen.quality is None:
            raise EvaluationError(f"{name}: no face was compared, so there is nothing to explain")
        shown = embedder.as_seen(seen.chips)
        return ExplainedFace(
            name=name,
            seen=replace(seen, chips=shown),
            refusal=refuse(seen.quality, seen.face.pose, gates),
            heat=occlusion_map(
                embedder,
                shown,
                other,
                side=side,
                patch=patch,
                progress=lambda done, _total: progress(before + done, 2 * runs),
            ),
        )

    return Explanation(
        probe=explained(probe, "probe", embeddings[1], 0),
        reference=explained(reference, "reference", embeddings[0], runs),
        score=score(*embeddings, embedder.metric),
        point=point,
        model=embedder.name,
        metric=embedder.metric,
    )


def occlusion_map(
    embedder: Embedder,
    chips: Chips,
    other: Embedding,
    *,
    side: Side,
    patch: Patch = _PATCH,
    progress: Progress = _nowhere,
) -> Heat:
    """Map how far the score of a face against `other` falls where the patch lies.

    `side` is what the face is in the comparison. A pixel's value is the mean over all patches that
    covered it. The patch has the chip's own mean grey, so that it changes what can be seen, not how
    bright the picture is. Where several networks see chips of their own, the patch covers the same
    share of each.
    """
    metric = embedder.metric
    whole = score(embedder.embed(chips, side), other, metric)
    size = chips[0].rgb.shape[0]
    length, corners = patch.corners(size)
    total = np.zeros((size, size), np.float64)
    covered = np.zeros((size, size), np.float64)
    for start in range(0, len(corners), BATCH):
        part = corners[start : start + BATCH]
        hidden = [
            tuple(_hidden(chip, corner, length, chip.rgb.shape[0] / size) for chip in chips)
            for corner in part
        ]
        for (row, column), embedding in zip(part, embedder.embed_many(hidden, side), strict=True):
            place = np.s_[row : row + length, column : column + length]
            total[place] += whole - score(embedding, other, metric)
            covered[place] += 1
        progress(min(start + BATCH, len(corners)), len(corners))
    return np.asarray(total / np.maximum(covered, 1), dtype=np.float32)


def _hidden(chip: AlignedFace, corner: tuple[int, int], length: int, scale: float) -> AlignedFace:
    rgb = chip.rgb.copy()
    top, left = (round(place * scale) for place in corner)
    side = max(1, round(length * scale))
    rgb[top : top + side, left : left + side] = round(float(chip.rgb.mean()))
    return replace(chip, rgb=rgb)


def _embedding(name: str, seen: ProbeResult) -> Embedding:
    if seen.embedding is None:
        raise EvaluationError(f"{name}: no face was compared, so there is nothing to explain")
    return seen.embedding
