"""What a row of embeddings comes to on LFW's pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeverify.evaluation.images.folds import PairScores, fold_accuracy
from edgeverify.evaluation.images.pairs import Pair

Array = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Shares, 0 to 1; the two FNMRs at thresholds from all non-mated pictures."""

    accuracy: float
    fnmr_3: float
    fnmr_4: float


@dataclass(frozen=True, kw_only=True)
class Listed:
    """Shares, 0 to 1, over all listed pairs alone, as most published figures on LFW are."""

    accuracy: float
    fnmr_3: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Row:
    """Embeddings float32 (n, d) of length 1 of the named people's pictures; NaN: no face."""

    people: NDArray[np.str_]
    embeddings: Array
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    pairs: Sequence[Pair]

    def scores(self) -> PairScores:
        """Score the listed pairs; minus infinity where a face is missing."""
        raw = (self.embeddings[self.first] * self.embeddings[self.second]).sum(axis=1)
        return PairScores(
            scores=np.where(np.isfinite(raw), raw, -np.inf).astype(np.float64),
            is_mated=np.array([pair.is_mated for pair in self.pairs]),
            fold=np.array([pair.fold for pair in self.pairs]),
        )

    def figures(self, folds: tuple[int, ...], tune: tuple[int, ...]) -> Figures:
        """Measure some folds (from 0); the accuracy's threshold comes from the folds `tune`."""
        scores = self.scores()
        here = scores.of_folds(folds)
        chosen = np.isin(scores.fold, folds)
        used = np.unique(np.concatenate([self.first[chosen], self.second[chosen]]))
        usable = used[np.isfinite(self.embeddings[used, 0])]
        matrix = self.embeddings[usable] @ self.embeddings[usable].T
        upper = np.triu_indices(len(usable), 1)
        people = self.people[usable]
        non_mated = np.sort(matrix[upper][people[upper[0]] != people[upper[1]]])[::-1]
        mated = here.scores[here.is_mated]
        return Figures(
            accuracy=here.accuracy(scores.of_folds(tune).threshold()),
            fnmr_3=_fnmr(mated, non_mated, 1e-3),
            fnmr_4=_fnmr(mated, non_mated, 1e-4),
        )

    def listed(self) -> Listed:
        """Measure all folds by the listed pairs alone: k-fold accuracy, FNMR at FMR 1e-3."""
        scores = self.scores()
        accuracy = fold_accuracy(scores)
        non_mated = np.sort(scores.scores[~scores.is_mated])[::-1]
        return Listed(
            accuracy=float("nan") if accuracy is None else accuracy.mean,
            fnmr_3=_fnmr(scores.scores[scores.is_mated], non_mated, 1e-3),
        )


def _fnmr(mated: NDArray[np.floating], falling: NDArray[np.floating], rate: float) -> float:
    """Share of mated scores not above the highest non-mated score that `rate` leaves out."""
    return float(1 - (mated > falling[int(rate * len(falling))]).mean())
