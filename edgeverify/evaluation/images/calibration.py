"""Choosing thresholds for stated rates on one set of people, and checking them on another (pure).

A threshold stands at the loosest place where the one-sided upper 95 % bound (Clopper and Pearson,
1934) of its FMR is not above the rate that it is named by, and the FMR within every group of people
not above a stated multiple of that rate, or the lowest rate that the group can carry. A rate is
supported where, besides, the pairs of people are enough for it by the rule of three: many pictures
of few people are not evidence about others.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeverify.bundle.group_rate import GroupRate
from edgeverify.bundle.measured_point import CheckedPoint, Fusion, MeasuredPoint
from edgeverify.errors import EvaluationError
from edgeverify.evaluation.statistics.bounds import clopper_pearson, is_supported, rule_of_three
from edgeverify.how_many import how_many

RATES = (1e-2, 5e-3, 2e-3, 1e-3, 5e-4, 2e-4, 1e-4, 5e-5, 2e-5, 1e-5, 5e-6, 2e-6, 1e-6)
"""The rates that points are kept for: those that doors ask for, and walk-up doors after a split."""


GROUP_FACTOR = 10.0
"""How many times a rate may be exceeded within a group of people."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Group:
    """Non-mated scores within one group of people, ascending."""

    name: str
    non_mated: NDArray[np.float32]
    people: int
    pairs_of_people: int

    def can_carry(self, rate: float) -> bool:
        """Return whether its pairs of people are enough to hold it to `rate`."""
        return len(self.non_mated) > 0 and is_supported(rate, self.pairs_of_people)

    def carried(self, rate: float) -> float:
        """Return `rate`, or the lowest that its pairs of people can carry where that is higher.

        1 for a group without comparisons.
        """
        if not len(self.non_mated) or not self.pairs_of_people:
            return 1.0
        return max(rate, rule_of_three(self.pairs_of_people))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evidence:
    """Scores of one set. `non_mated` is ascending; `mated` may hold minus infinity (FTA).

    Within each of the `groups` a rate may be exceeded `group_factor` times, or up to the lowest
    rate that the group can carry.
    """

    dataset: str
    non_mated: NDArray[np.float32]
    mated: NDArray[np.float64]
    people: int
    pairs_of_people: int
    groups: tuple[Group, ...] = ()
    group_factor: float = GROUP_FACTOR

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
    """Find the loosest threshold whose bounded FMR is at most `rate`; None without evidence.

    Within each group the FMR that was seen is at most the group factor times the rate: a group is
    small, and its bound would ask for next to no false match at all. One that is too small even
    for that is held to the lowest rate that it can carry, so that few people more or less never
    decide whether they count.
    """
    if not is_supported(rate, evidence.pairs_of_people):
        return None
    overall = loosest(evidence.non_mated, rate)
    if overall is None:
        return None
    within = min(1.0, evidence.group_factor * rate)
    held = [
        _seen_at_most(group.non_mated, group.carried(within))
        for group in evidence.groups
        if len(group.non_mated)
    ]
    return max([overall, *held])


def _seen_at_most(ascending: NDArray[np.float32], rate: float) -> float:
    """Find the loosest threshold that at most this share of the scores reaches."""
    allowed = math.floor(rate * len(ascending) + 1e-9)
    if allowed >= len(ascending):
        return float(ascending[0])
    return above(float(ascending[len(ascending) - 1 - allowed]))


def loosest(ascending: NDArray[np.float32], rate: float) -> float | None:
    """Find the loosest threshold at which the upper bound of the share is at most `rate`."""
    count = len(ascending)
    low, high = -1, min(count - 1, math.ceil(rate * count))
    while low < high:  # the largest number of false matches whose bound still fits
        middle = (low + high + 1) // 2
        fits = upper_bound(middle, count) <= rate
        low, high = (middle, high) if fits else (low, middle - 1)
    if low < 0:
        return None
    return above(float(ascending[count - 1 - low]))  # the first score that must not match


def above(score: float) -> float:
    """Return the next threshold that a person can read and `score` does not reach."""
    return math.ceil((score + 1e-6) * 1e4) / 1e4


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
    points: list[MeasuredPoint] = []
    least = -math.inf
    for rate in sorted(rates, reverse=True):
        found = threshold_for(chosen_on, rate)
        if found is None:
            continue
        # A group may carry a loose rate and not a strict one: the strict one is none the looser.
        threshold = least = max(least, found, (floors or {}).get(rate, found))
        point = _point(chosen_on, checked_on, rate, threshold, date)
        factor = chosen_on.group_factor
        within = group_rates((chosen_on, checked_on), threshold, min(1.0, factor * rate))
        if within:
            point = point.model_copy(update={"groups": within, "group_factor": factor})
        points.append(point.model_copy(update={"fusion": fusion, "photos": photos}))
    if not points:
        raise EvaluationError(
            f"{chosen_on.dataset}: {how_many(chosen_on.pairs_of_people, 'pair')} of people cannot "
            f"carry even a rate of {max(rates):g}",
            advice=f"At least {math.ceil(3 / max(rates)):,} pairs of people are needed for it: "
            f"pictures of {math.ceil(math.sqrt(6 / max(rates)))} people.",
        )
    return tuple(points)


def group_rates(sets: Sequence[Evidence], threshold: float, rate: float) -> tuple[GroupRate, ...]:
    """Measure every group of every set at `threshold`; `rate` is what they are to be held to."""
    rates = []
    for one in sets:
        for group in one.groups:
            count = len(group.non_mated)
            if not count:
                continue
            errors = int(count - np.searchsorted(group.non_mated, np.float32(threshold)))
            rates.append(
                GroupRate(
                    name=group.name,
                    dataset=one.dataset,
                    people=group.people,
                    false_matches=errors,
                    non_mated=count,
                    fmr_upper_95=upper_bound(errors, count),
                    supported=group.can_carry(rate),
                )
            )
    return tuple(rates)


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
