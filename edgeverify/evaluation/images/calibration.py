"""Choosing thresholds for stated rates on one set of people, and checking them on another (pure).

A threshold stands at the loosest place where the one-sided upper 95 % bound (Clopper and Pearson,
1934) of its FMR is not above the rate that it is named by. A rate is supported where, besides,
the pairs of people are enough for it by the rule of three: many pictures of few people are no
evidence about others.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeverify.bundle.operating_points import CheckedPoint, Fusion, MeasuredPoint
from edgeverify.errors import EvaluationError
from edgeverify.evaluation.statistics.bounds import clopper_pearson, is_supported

RATES = (1e-2, 5e-3, 2e-3, 1e-3, 5e-4, 2e-4, 1e-4, 5e-5, 2e-5, 1e-5, 5e-6, 2e-6, 1e-6)
"""The rates that points are kept for: those that doors ask for, and walk-up doors after a split."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evidence:
    """Scores of one set. `non_mated` is ascending; `mated` may hold minus infinity (FTA)."""

    dataset: str
    non_mated: NDArray[np.float32]
    mated: NDArray[np.float64]
    people: int
    pairs_of_people: int

    def false_matches(self, threshold: float) -> int:
        """Count the non-mated scores at or above `threshold`."""
        return int(len(self.non_mated) - np.searchsorted(self.non_mated, np.float32(threshold)))

    def fnmr(self, threshold: float) -> float | None:
        """Return the share of mated scores below it, or None without any."""
        return float((self.mated < threshold).mean()) if len(self.mated) else None


def upper_bound(errors: int, count: int) -> float:
    """Bound a rate from above at 95 %, one-sided."""
    return clopper_pearson(errors, count, confidence=0.90).upper


def threshold_for(evidence: Evidence, rate: float) -> float | None:
    """Find the loosest threshold whose bounded FMR is at most `rate`; None without evidence."""
    count = len(evidence.non_mated)
    if count == 0 or not is_supported(rate, evidence.pairs_of_people):
        return None
    low, high = -1, math.ceil(rate * count)
    while low < high:  # the largest number of false matches whose bound still fits
        middle = (low + high + 1) // 2
        fits = upper_bound(middle, count) <= rate
        low, high = (middle, high) if fits else (low, middle - 1)
    if low < 0:
        return None
    # Just above the first score that must not match, rounded up to what a person can read.
    reject = float(evidence.non_mated[count - 1 - low])
    return math.ceil((reject + 1e-6) * 1e4) / 1e4


def choose(
    chosen_on: Evidence,
    checked_on: Evidence,
    *,
    date: str,
    fusion: Fusion = "single",
    photos: int = 1,
    rates: Sequence[float] = RATES,
    floors: dict[float, float] | None = None,
) -> tuple[MeasuredPoint, ...]:
    """Measure every rate that `chosen_on` carries, each checked on the other set.

    `photos` says of how many photos the references were; `floors` are thresholds by rate that none
    may fall below. EvaluationError where not one rate is carried, saying how many pairs of people
    the loosest would need.
    """
    points = []
    for rate in sorted(rates, reverse=True):
        found = threshold_for(chosen_on, rate)
        if found is None:
            continue
        threshold = max(found, (floors or {}).get(rate, found))
        point = _point(chosen_on, checked_on, rate, threshold, date)
        points.append(point.model_copy(update={"fusion": fusion, "photos": photos}))
    if not points:
        raise EvaluationError(
            f"{chosen_on.dataset}: {chosen_on.pairs_of_people:,} pairs of people cannot carry "
            f"even a rate of {max(rates):g}",
            advice=f"At least {math.ceil(3 / max(rates)):,} pairs of people are needed for it: "
            f"pictures of {math.ceil(math.sqrt(6 / max(rates)))} people.",
        )
    return tuple(points)


def _point(
    chosen_on: Evidence,
    checked_on: Evidence,
    rate: float,
    threshold: float,
    date: str,
) -> MeasuredPoint:
    count = len(chosen_on.non_mated)
    errors = chosen_on.false_matches(threshold)
    checked = checked_on.false_matches(threshold)
    return MeasuredPoint(
        threshold=threshold,
        fmr=rate,
        fnmr=chosen_on.fnmr(threshold),
        fmr_upper_95=upper_bound(errors, count),
        false_matches=errors,
        non_mated=count,
        mated=len(chosen_on.mated),
        dataset=chosen_on.dataset,
        date=date,
        supported=True,
        check=CheckedPoint(
            dataset=checked_on.dataset,
            false_matches=checked,
            non_mated=len(checked_on.non_mated),
            fmr_upper_95=upper_bound(checked, len(checked_on.non_mated)),
            fnmr=checked_on.fnmr(threshold),
            mated=len(checked_on.mated),
            people=checked_on.people,
        ),
    )
