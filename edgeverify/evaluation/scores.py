"""Comparison scores with the people they came from, so that bounds can be drawn over people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from edgeverify.errors import EvaluationError

Scores: TypeAlias = NDArray[np.float64]
"""Raw comparison scores, float64, shape (n,); higher is more similar."""

People: TypeAlias = NDArray[np.int64]
"""Indices of people, int64, shape (n, 2): probe's and reference's person of each comparison."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScoreSet:
    """Mated and non-mated comparisons.

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

    def require_both(self) -> None:
        """Raise EvaluationError unless there is something on either side to measure."""
        if not len(self.mated):
            raise EvaluationError(
                "no mated comparison", advice="At least one person needs two usable images."
            )
        if not len(self.non_mated):
            raise EvaluationError(
                "no non-mated comparison", advice="At least two people need a usable image."
            )


def all_against_all(embeddings: NDArray[np.float32], people: NDArray[np.int64]) -> ScoreSet:
    """Compare every image with every later one, by cosine; rows must have length 1.

    `embeddings` is (n, d), `people` (n,). One matrix product in blocks of 1,024 rows, so that
    10,000 images need about 400 MB for the 50 million scores and little besides.
    """
    count = len(embeddings)
    mated: list[Scores] = []
    non_mated: list[Scores] = []
    mated_people: list[People] = []
    non_mated_people: list[People] = []
    for start in range(0, count, 1024):
        block = embeddings[start : start + 1024] @ embeddings.T
        rows, columns = np.nonzero(
            np.arange(count)[None, :] > (start + np.arange(len(block)))[:, None]
        )
        scores = block[rows, columns].astype(np.float64)
        pairs = np.stack([people[start + rows], people[columns]], axis=1)
        same = pairs[:, 0] == pairs[:, 1]
        mated.append(scores[same])
        mated_people.append(pairs[same])
        non_mated.append(scores[~same])
        non_mated_people.append(pairs[~same])
    if not mated:
        raise EvaluationError("there is nothing to compare")
    return ScoreSet(
        mated=np.concatenate(mated),
        non_mated=np.concatenate(non_mated),
        mated_people=np.concatenate(mated_people),
        non_mated_people=np.concatenate(non_mated_people),
    )
