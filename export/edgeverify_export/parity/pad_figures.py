"""How far one form of a PAD bundle is from another, and what it must show (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeverify.bundle.manifest import PadParityFigures, Precision
from edgeverify.errors import ParityError
from edgeverify.feeding.preprocessing import Batch
from edgeverify.how_many import how_many
from edgeverify.vision.pad import softmax
from edgeverify_export.parity.figures import MAX_FLIPPED, MIN_COSINE, Flips, count_flips, too_few
from edgeverify_export.sessions import cosine_rows

MAX_LIVE_DIFFERENCE = 0.01
"""Of P(live), fused over the networks."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PadAnswers:
    """Raw scores of every network, float32 (n, classes) each; `extremes`: black, white, noise."""

    name: str
    precision: Precision
    values: tuple[Batch, ...]
    extremes: tuple[Batch, ...]

    @property
    def nan_count(self) -> int:
        """How many answers, extremes included, held NaN or infinity."""
        both = [*self.values, *self.extremes]
        return sum(int(np.count_nonzero(~np.isfinite(rows).all(axis=1))) for rows in both)


@dataclass(frozen=True, slots=True, kw_only=True)
class PadComparison:
    """One form beside the baseline.

    Cosines are of raw scores, the lowest over networks and faces. `flipped` counts single-frame
    decisions that changed at the threshold; None without one. `within_rounding` counts those whose
    P(live) moved by no more than float32 rounding does: they are not flips.
    """

    name: str
    precision: Precision
    min_cosine: float
    max_live_difference: float
    flipped: int | None
    faces: int
    nan_count: int
    extremes_live_difference: float
    within_rounding: int = 0

    @property
    def flipped_share(self) -> float | None:
        """Flipped decisions over faces."""
        return None if self.flipped is None else self.flipped / self.faces

    @property
    def too_few_faces(self) -> str | None:
        """What so few faces can tell, where they cannot resolve the allowed share."""
        return too_few(self.flipped, self.faces, self.precision, "faces")

    def as_manifest(self) -> PadParityFigures:
        """Return the figures as a bundle records them."""
        return PadParityFigures(
            precision=self.precision,
            min_cosine=round(self.min_cosine, 6),
            max_live_difference=round(self.max_live_difference, 6),
            flipped_share=self.flipped_share,
            faces=self.faces,
        )


def live_probabilities(rows: Sequence[Batch], live_index: int) -> NDArray[np.float64]:
    """Return P(live) fused over the networks as the door fuses it, (n,); NaN stays NaN."""
    with np.errstate(all="ignore"):
        each = [[softmax(row)[live_index] for row in answers] for answers in rows]
    return np.asarray(np.mean(np.array(each, dtype=np.float64), axis=0))


def compare_pad(
    baseline: PadAnswers, other: PadAnswers, live_index: int, threshold: float | None
) -> PadComparison:
    """Compare raw scores, P(live) and decisions; ParityError where there is nothing to compare."""
    if not len(baseline.values[0]) or len(baseline.values[0]) != len(other.values[0]):
        raise ParityError("two sets of answers to other faces: nothing was compared")
    before = live_probabilities(baseline.values, live_index)
    after = live_probabilities(other.values, live_index)
    flips: Flips | None = None
    if threshold is not None:
        flips = count_flips(before, after, threshold)
    pairs = zip(baseline.values, other.values, strict=True)
    return PadComparison(
        name=other.name,
        precision=other.precision,
        min_cosine=float(min(cosine_rows(a, b).min() for a, b in pairs)),
        max_live_difference=_worst(before, after),
        flipped=None if flips is None else flips.real,
        within_rounding=0 if flips is None else flips.within_rounding,
        faces=len(before),
        nan_count=other.nan_count,
        extremes_live_difference=_worst(
            live_probabilities(baseline.extremes, live_index),
            live_probabilities(other.extremes, live_index),
        ),
    )


def pad_failures(one: PadComparison, *, flips_needed: bool) -> list[str]:
    """Return what one form fails on; empty where it passes."""
    where = f"{one.name} {one.precision}"
    found = []
    if not one.min_cosine >= MIN_COSINE[one.precision]:
        found.append(
            f"{where}: cosine of raw scores {one.min_cosine:.6f} at worst, at least "
            f"{MIN_COSINE[one.precision]} is needed"
        )
    worst = max(one.max_live_difference, one.extremes_live_difference)
    if not worst <= MAX_LIVE_DIFFERENCE:
        found.append(f"{where}: P(live) off by {worst:.4f}, at most {MAX_LIVE_DIFFERENCE} may be")
    if one.nan_count:
        found.append(f"{where}: {how_many(one.nan_count, 'answer')} with NaN")
    share, allowed = one.flipped_share, MAX_FLIPPED[one.precision]
    if share is None and flips_needed:
        found.append(
            f"{where}: flipped decisions not run: the bundle has no operating point; give "
            "--threshold, or --no-flips to do without"
        )
    if share is not None and share > allowed:
        found.append(
            f"{where}: {one.flipped} of {one.faces} decisions flipped ({share:.3%}), at most "
            f"{allowed:.2%} may{'' if one.too_few_faces is None else f'; {one.too_few_faces}'}"
        )
    return found


def _worst(before: NDArray[np.float64], after: NDArray[np.float64]) -> float:
    worst = float(np.abs(before - after).max())
    return worst if np.isfinite(worst) else 1.0
