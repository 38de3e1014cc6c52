"""Comparison scores with the people they came from, so that bounds can be drawn over people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from edgeverify.errors import EvaluationError

Scores: TypeAlias = NDArray[np.float64]
"""Raw comparison scores, float64, shape (n,); higher is more similar."""

People: TypeAlias = NDArray[np.int64]
"""Indices of people, int64, shape (n, 2): probe's and reference's person of each comparison."""

Weights: TypeAlias = NDArray[np.float64]
"""How often each person was drawn, float64, shape (draws, people)."""


class Sample(Protocol):
    """Mated and non-mated comparisons, as figures and bounds need them.

    `mated` may hold minus infinity: no comparison could be made (a failure to acquire), which is
    a non-match. `people` is how many people the indices count to.
    """

    @property
    def mated(self) -> Scores:
        """Mated scores."""

    @property
    def mated_people(self) -> People:
        """Whose each of them is."""

    @property
    def non_mated(self) -> Scores | NDArray[np.float32]:
        """Non-mated scores, of comparisons that were made."""

    @property
    def people(self) -> int:
        """How many people there are."""

    @property
    def pairs_of_people(self) -> int:
        """How many different pairs of people the non-mated comparisons are from."""

    def tried(self, weights: Weights) -> Weights:
        """Count the non-mated comparisons when people are drawn so often; shape (draws,)."""

    def alarms(self, threshold: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Name the two people of every false match at `threshold`."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScoreSet:
    """Listed comparisons, in any order.

    `mated_people` has two equal columns; the columns of `non_mated_people` differ. Raises
    EvaluationError when a score is not a finite number or a pair stands on the wrong side; minus
    infinity is allowed and means that no comparison could be made (a failure to acquire).
    """

    mated: Scores
    non_mated: Scores
    mated_people: People
    non_mated_people: People

    def __post_init__(self) -> None:
        for name, scores, people in (
            ("mated", self.mated, self.mated_people),
            ("non-mated", self.non_mated, self.non_mated_people),
        ):
            if people.shape != (len(scores), 2):
                raise EvaluationError(f"{name}: {len(scores)} scores but people {people.shape}")
            if np.isnan(scores).any() or (scores == np.inf).any():
                raise EvaluationError(f"{name}: a score is not a number")
        if (self.mated_people[:, 0] != self.mated_people[:, 1]).any():
            raise EvaluationError("a mated pair names two people")
        if (self.non_mated_people[:, 0] == self.non_mated_people[:, 1]).any():
            raise EvaluationError("a non-mated pair names one person twice")

    @property
    def people(self) -> int:
        """How many people there are."""
        return 1 + int(
            max(np.max(self.mated_people, initial=-1), np.max(self.non_mated_people, initial=-1))
        )

    @property
    def pairs_of_people(self) -> int:
        """How many different pairs of people the non-mated comparisons are from."""
        return len(np.unique(np.sort(self.non_mated_people, axis=1), axis=0))

    def tried(self, weights: Weights) -> Weights:
        """Count the non-mated comparisons when people are drawn so often; shape (draws,)."""
        left, right = self.non_mated_people.T
        return np.asarray((weights[:, left] * weights[:, right]).sum(axis=1))

    def alarms(self, threshold: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Name the two people of every false match at `threshold`."""
        left, right = self.non_mated_people[self.non_mated >= threshold].T
        return left, right


def require_both(sample: Sample) -> None:
    """Raise EvaluationError unless there is something on either side to measure."""
    if not len(sample.mated):
        raise EvaluationError(
            "no mated comparison", advice="At least one person needs two usable images."
        )
    if not len(sample.non_mated):
        raise EvaluationError(
            "no non-mated comparison", advice="At least two people need a usable image."
        )
