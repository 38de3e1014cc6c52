"""The figures of one set of comparisons: threshold table, EER, AUC, the matrix at one threshold.

Words and definitions follow ISO/IEC 19795-1:2021. FNMR counts a failure to acquire as a
non-match; FMR is over the comparisons that could be made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgeverify.evaluation.images.all_scores import AllScores, float32_up
from edgeverify.evaluation.statistics.bounds import Rate, bootstrap, is_supported
from edgeverify.evaluation.statistics.rates import Curve
from edgeverify.evaluation.statistics.scores import require_both

RATES = (1e-2, 1e-3, 1e-4, 1e-5)
DRAWS = 500
_CURVE_POINTS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdRow:
    """One threshold: `rate` asked for, or None for a threshold that was given.

    `is_supported` is False where even without a false match the pairs of people are too few to
    bound the rate at 95 % (the rule of three); its figures then say nothing and are not shown.
    `fnmr_compared` leaves failures to acquire out.
    """

    rate: float | None
    is_supported: bool
    threshold: float
    fmr: Rate
    fnmr: Rate
    fnmr_compared: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Confusion:
    """Counts at one threshold. `not_compared` are mated pairs that a failure to acquire ended."""

    matches_of_mated: int
    non_matches_of_mated: int
    not_compared: int
    matches_of_non_mated: int
    non_matches_of_non_mated: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Figures:
    """Everything about one set of comparisons. `at_threshold` is for the door's own threshold."""

    people: int
    images: int
    mated: int
    non_mated: int
    pairs_of_people: int
    rows: tuple[ThresholdRow, ...]
    eer: float
    auc: float
    at_threshold: ThresholdRow | None
    confusion: Confusion | None
    curve: Curve


def figures(
    scores: AllScores,
    *,
    threshold: float | None,
    generator: np.random.Generator,
    rates: Sequence[float] = RATES,
) -> Figures:
    """Compute the figures. EvaluationError where one side holds no comparison."""
    require_both(scores)
    trade_off = sampled_curve(scores)
    return Figures(
        people=scores.people,
        images=len(scores.faces.person),
        mated=len(scores.mated),
        non_mated=len(scores.ascending),
        pairs_of_people=scores.pairs_of_people,
        rows=tuple(
            threshold_row(scores, threshold_at(scores, rate), rate, generator) for rate in rates
        ),
        eer=trade_off.eer,
        auc=auc(scores),
        at_threshold=(
            None if threshold is None else threshold_row(scores, threshold, None, generator)
        ),
        confusion=None if threshold is None else confusion(scores, threshold),
        curve=trade_off,
    )


def threshold_at(scores: AllScores, rate: float) -> float:
    """Return the lowest threshold whose measured FMR is at most `rate`; ties are rejected too."""
    allowed = int(np.floor(rate * len(scores.ascending) + 1e-9))
    if allowed >= len(scores.ascending):
        return float(scores.ascending[0])
    reject = scores.ascending[len(scores.ascending) - 1 - allowed]
    return float(np.nextafter(reject, np.float32(np.inf)))


def false_matches(scores: AllScores, threshold: float) -> int:
    """Count the non-mated comparisons at or above `threshold`."""
    below = np.searchsorted(scores.ascending, float32_up(threshold), side="left")
    return int(len(scores.ascending) - below)


def threshold_row(
    scores: AllScores, threshold: float, rate: float | None, generator: np.random.Generator
) -> ThresholdRow:
    """Measure both rates at a threshold, with their bounds over people."""
    bounds = bootstrap(scores, threshold, generator=generator, draws=DRAWS)
    compared = scores.mated[np.isfinite(scores.mated)]
    return ThresholdRow(
        rate=rate,
        is_supported=rate is None or is_supported(rate, scores.pairs_of_people),
        threshold=threshold,
        fmr=bounds.fmr,
        fnmr=bounds.fnmr,
        fnmr_compared=float((compared < threshold).mean()) if len(compared) else None,
    )


def confusion(scores: AllScores, threshold: float) -> Confusion:
    """Count matches and non-matches of either kind."""
    wrong = false_matches(scores, threshold)
    finite = np.isfinite(scores.mated)
    matches = int(np.count_nonzero(scores.mated >= threshold))
    return Confusion(
        matches_of_mated=matches,
        non_matches_of_mated=int(finite.sum()) - matches,
        not_compared=int((~finite).sum()),
        matches_of_non_mated=wrong,
        non_matches_of_non_mated=len(scores.ascending) - wrong,
    )


def auc(scores: AllScores) -> float:
    """Return the area under the ROC: how often a mated score beats a non-mated one, ties half."""
    mated = np.sort(scores.mated).astype(np.float32)
    below = np.searchsorted(scores.ascending, mated, side="left")
    upto = np.searchsorted(scores.ascending, mated, side="right")
    return float(((below + upto) / 2).mean() / len(scores.ascending))


def sampled_curve(scores: AllScores, points: int = _CURVE_POINTS) -> Curve:
    """Return the trade-off at thresholds spread over both sides, dense where FMR is small."""
    count = len(scores.ascending)
    steps = np.unique(np.geomspace(1, count, min(points, count)).astype(np.int64))
    mated = np.sort(scores.mated)
    finite = mated[np.isfinite(mated)].astype(np.float32)
    part = finite[np.unique(np.linspace(0, len(finite) - 1, points).astype(np.int64))]
    chosen = np.unique(np.concatenate([scores.ascending[count - steps], part]))
    thresholds = np.concatenate([chosen, [np.float32(np.inf)]]).astype(np.float32)
    return Curve(
        thresholds=thresholds.astype(np.float64),
        fmr=1 - np.searchsorted(scores.ascending, thresholds, side="left") / count,
        fnmr=np.searchsorted(mated.astype(np.float32), thresholds, side="left") / len(mated),
    )
