"""FMR, FNMR and the thresholds between them (ISO/IEC 19795-1:2021, section 8).

A comparison is a match when its score is at or above the threshold.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeverify.errors import EvaluationError
from edgeverify.evaluation.statistics.scores import Scores


def fnmr(mated: Scores, threshold: float) -> float:
    """Return the false non-match rate, 0 to 1. Raises EvaluationError for no comparison."""
    if not len(mated):
        raise EvaluationError("a false non-match rate needs at least one comparison")
    return float(np.count_nonzero(mated < threshold) / len(mated))


def threshold_at_fmr(non_mated: Scores, rate: float) -> float:
    """Return the lowest threshold whose measured FMR is at most `rate`.

    It lies just above the highest score that has to be rejected, so that ties are rejected too.
    """
    if not len(non_mated):
        raise EvaluationError("a threshold needs at least one comparison")
    allowed = int(np.floor(rate * len(non_mated) + 1e-9))
    if allowed >= len(non_mated):
        return float(np.min(non_mated))
    # The (allowed + 1)-th highest score is the first that must not match.
    position = len(non_mated) - 1 - allowed
    reject = float(np.partition(non_mated, position)[position])
    return float(np.nextafter(reject, np.inf))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Curve:
    """FMR and FNMR over all thresholds, from the loosest to the strictest."""

    thresholds: Scores
    fmr: Scores
    fnmr: Scores

    @property
    def auc(self) -> float:
        """Area under the ROC (1 - FNMR over FMR), by the trapezoidal rule."""
        return float(-np.trapezoid(1 - self.fnmr, self.fmr))

    @property
    def eer(self) -> float:
        """Equal error rate: where FMR and FNMR cross, linear between the two nearest thresholds."""
        difference = self.fnmr - self.fmr
        after = int(np.argmax(difference >= 0))
        if after == 0:
            return float((self.fmr[0] + self.fnmr[0]) / 2)
        before = after - 1
        span = difference[after] - difference[before]
        share = -difference[before] / span if span > 0 else 0.5
        return float(self.fnmr[before] + share * (self.fnmr[after] - self.fnmr[before]))


def curve(mated: Scores, non_mated: Scores) -> Curve:
    """Return the whole trade-off. Raises EvaluationError when either side is empty."""
    if not len(mated) or not len(non_mated):
        raise EvaluationError("a curve needs mated and non-mated comparisons")
    values = np.unique(np.concatenate([mated[np.isfinite(mated)], non_mated]))
    thresholds = np.concatenate([values, [np.inf]])
    sorted_mated = np.sort(mated)
    sorted_non_mated = np.sort(non_mated)
    misses = np.searchsorted(sorted_mated, thresholds, side="left") / len(mated)
    alarms = 1 - np.searchsorted(sorted_non_mated, thresholds, side="left") / len(non_mated)
    return Curve(thresholds=thresholds, fmr=alarms, fnmr=misses)


def best_accuracy_threshold(mated: Scores, non_mated: Scores) -> float:
    """Return the threshold with the most right answers, the middle of the gap it lies in."""
    finite = np.unique(np.concatenate([mated, non_mated]))
    finite = finite[np.isfinite(finite)]
    if not len(finite):
        raise EvaluationError("no comparison has a score")
    candidates = np.concatenate([[finite[0]], (finite[:-1] + finite[1:]) / 2, [finite[-1] + 1e-9]])
    right = np.searchsorted(np.sort(non_mated), candidates, side="left") + (
        len(mated) - np.searchsorted(np.sort(mated), candidates, side="left")
    )
    return float(candidates[int(np.argmax(right))])


def accuracy(mated: Scores, non_mated: Scores, threshold: float) -> float:
    """Return the share of right answers, 0 to 1."""
    right = np.count_nonzero(mated >= threshold) + np.count_nonzero(non_mated < threshold)
    return float(right / (len(mated) + len(non_mated)))
