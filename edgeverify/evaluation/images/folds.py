"""LFW's own measure: accuracy over listed pairs, each fold at the threshold of other folds.

A pair with a face that was not found is an error, whatever it shows (contracts, section 7).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeverify.errors import EvaluationError
from edgeverify.evaluation.images.all_scores import Mask
from edgeverify.evaluation.images.pairs import Pair
from edgeverify.evaluation.statistics.rates import best_accuracy_threshold
from edgeverify.evaluation.statistics.scores import Scores
from edgeverify.how_many import how_many


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PairScores:
    """Listed pairs: scores float64 (minus infinity: not compared), mated or not, and fold."""

    scores: Scores
    is_mated: Mask
    fold: NDArray[np.int64]

    def of_folds(self, folds: Sequence[int]) -> PairScores:
        """Keep some folds."""
        chosen = np.isin(self.fold, folds)
        return PairScores(
            scores=self.scores[chosen], is_mated=self.is_mated[chosen], fold=self.fold[chosen]
        )

    def threshold(self) -> float:
        """Find the threshold with the most right answers among compared pairs."""
        made = np.isfinite(self.scores)
        return best_accuracy_threshold(
            self.scores[made & self.is_mated], self.scores[made & ~self.is_mated]
        )

    def accuracy(self, threshold: float) -> float:
        """Return the share of right answers, 0 to 1; EvaluationError for no pair."""
        if not len(self.scores):
            raise EvaluationError("an accuracy over no pair does not exist")
        right = ((self.scores >= threshold) == self.is_mated) & np.isfinite(self.scores)
        return float(right.mean())


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldAccuracy:
    """Mean over folds with its standard error, 0 to 1; `of` folds, thresholds from elsewhere."""

    mean: float
    standard_error: float
    folds: tuple[float, ...]


def fold_accuracy(pairs: PairScores) -> FoldAccuracy | None:
    """Measure each fold at the threshold of all the others; None with one fold alone."""
    numbers = [int(number) for number in np.unique(pairs.fold)]
    if len(numbers) < 2:
        return None
    found = []
    for number in numbers:
        others = pairs.of_folds([other for other in numbers if other != number])
        found.append(pairs.of_folds([number]).accuracy(others.threshold()))
    spread = float(np.std(found, ddof=1) / np.sqrt(len(found)))
    return FoldAccuracy(mean=float(np.mean(found)), standard_error=spread, folds=tuple(found))


def people_of(pairs: Sequence[Pair]) -> frozenset[str]:
    """Return everybody who is on an image of these pairs."""
    return frozenset(key.person for pair in pairs for key in (pair.probe, pair.reference))


def pick_folds(pairs: Sequence[Pair], folds: Sequence[int]) -> tuple[Pair, ...]:
    """Keep the pairs of some folds, counted from 1. EvaluationError for an absent one."""
    there = {pair.fold + 1 for pair in pairs}
    absent = sorted(set(folds) - there)
    if absent:
        raise EvaluationError(
            f"the pairs have no fold {absent[0]}",
            advice=f"They have folds 1 to {max(there)}, as their first line says.",
        )
    return tuple(pair for pair in pairs if pair.fold + 1 in folds)


def require_apart(tune: Sequence[Pair], report: Sequence[Pair]) -> None:
    """Raise EvaluationError where a person is in both: nothing is reported on what was tuned."""
    shared = sorted(people_of(tune) & people_of(report))
    if shared:
        raise EvaluationError(
            f"{how_many(len(shared), 'person is', 'people are')} in the tuning folds and in the "
            f"reporting folds, {shared[0]} among them",
            advice="Name folds that share nobody.",
        )
