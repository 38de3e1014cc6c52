"""All images against all others, by matrix products: 10,000 images are 50 million comparisons."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from edgeverify.comparison import Metric
from edgeverify.errors import EvaluationError
from edgeverify.evaluation.statistics.scores import People, Scores, Weights

_BLOCK = 1024

Mask = NDArray[np.bool_]
Matrix = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Faces:
    """Embedded images, ordered by person.

    `values` are the embeddings as probes and `references` those as references, float32 (n, d),
    whatever for images that were refused; `person` int64 (n,), never falling, 0 to `people` - 1.
    Each image may stand as the reference of those after it (`is_reference`) and as a probe against
    those before it (`is_probe`).
    """

    values: Matrix
    references: Matrix
    person: NDArray[np.int64]
    people: int
    is_reference: Mask
    is_probe: Mask
    metric: Metric = "cosine"

    def __post_init__(self) -> None:
        if not len(self.person):
            raise EvaluationError("there is nothing to compare")
        if (np.diff(self.person) < 0).any():
            raise ValueError("images must be ordered by person")

    def score(self, probes: NDArray[np.int64], references: NDArray[np.int64]) -> Scores:
        """Score image by image; minus infinity where one of the two was refused."""
        scores = np.empty(len(probes), np.float32)
        for start in range(0, len(probes), 65536):
            part = slice(start, start + 65536)
            left, right = self.values[probes[part]], self.references[references[part]]
            scores[part] = (
                np.einsum("ij,ij->i", left, right)
                if self.metric == "cosine"
                else -np.linalg.norm(left - right, axis=1)
            )
        made = self.is_probe[probes] & self.is_reference[references]
        return np.where(made, scores.astype(np.float64), -np.inf)

    def block(self, references: NDArray[np.int64], probes: NDArray[np.int64]) -> Matrix:
        """Score every reference (rows) with every probe (columns)."""
        return score_block(self.references[references], self.values[probes], self.metric)

    def non_mated_blocks(self) -> Iterator[NonMated]:
        """Yield the non-mated comparisons block by block, each pair of images once."""
        rows = np.flatnonzero(self.is_reference)
        columns = np.flatnonzero(self.is_probe)
        for start in range(0, len(rows), _BLOCK):
            references = rows[start : start + _BLOCK]
            # Images of later people only: those of the same person are mated, those of earlier
            # people were compared in their own block.
            first = np.searchsorted(self.person[columns], self.person[references[0]], "right")
            probes = columns[first:]
            if len(probes):
                left, right = self.person[references], self.person[probes]
                chosen = right[None, :] > left[:, None]
                yield NonMated(
                    scores=self.block(references, probes), chosen=chosen, left=left, right=right
                )


def score_block(references: Matrix, probes: Matrix, metric: Metric) -> Matrix:
    """Score every reference (rows) with every probe (columns), float32."""
    if metric == "cosine":
        return np.asarray(references @ probes.T)
    # In float64: the distance of two long vectors that are nearly one is a small difference of
    # large numbers.
    left, right = references.astype(np.float64), probes.astype(np.float64)
    squares = np.square(left).sum(axis=1)[:, None] + np.square(right).sum(axis=1)[None, :]
    squares -= 2 * (left @ right.T)
    return np.asarray(-np.sqrt(np.maximum(squares, 0)), dtype=np.float32)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NonMated:
    """A block of comparisons; those that are non-mated are `chosen`.

    `left` and `right` are the people of rows and columns.
    """

    scores: Matrix
    chosen: Mask
    left: NDArray[np.int64]
    right: NDArray[np.int64]

    def above(self, cut: np.float32) -> tuple[Matrix, NDArray[np.int64], NDArray[np.int64]]:
        """Pick the non-mated scores from `cut` on, and the two people of each."""
        rows, columns = np.nonzero((self.scores >= cut) & self.chosen)
        return self.scores[rows, columns], self.left[rows], self.right[columns]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AllScores:
    """Mated scores, and every non-mated comparison of a set of images, once.

    `ascending` is float32: the non-mated scores that could be computed. Those of refused images
    are not among them, since they can never match and would make a threshold look safer than it
    is. A `Sample`.
    """

    faces: Faces
    mated: Scores
    mated_people: People
    ascending: Matrix
    top_scores: Matrix
    top_left: NDArray[np.int64]
    top_right: NDArray[np.int64]

    @property
    def people(self) -> int:
        """How many people there are."""
        return self.faces.people

    @property
    def non_mated(self) -> Matrix:
        """The non-mated scores, ascending."""
        return self.ascending

    @property
    def pairs_of_people(self) -> int:
        """How many different pairs of people the non-mated comparisons are from."""
        references, probes = self._counts()
        later = int((probes > 0).sum()) - np.cumsum(probes > 0)
        return int(later[references > 0].sum())

    def tried(self, weights: Weights) -> Weights:
        """Count the non-mated comparisons when people are drawn so often; shape (draws,)."""
        references, probes = self._counts()
        drawn = weights * references
        earlier = np.cumsum(drawn, axis=1) - drawn
        return np.asarray((earlier * (weights * probes)).sum(axis=1))

    def alarms(self, threshold: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Name the two people of every false match at `threshold`."""
        cut = float32_up(threshold)
        if len(self.top_scores) and cut >= np.min(self.top_scores):
            above = self.top_scores >= cut
            return self.top_left[above], self.top_right[above]
        found = [block.above(cut)[1:] for block in self.faces.non_mated_blocks()]
        if not found:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        left, right = zip(*found, strict=True)
        return np.concatenate(left), np.concatenate(right)

    def with_mated(self, probes: NDArray[np.int64], references: NDArray[np.int64]) -> AllScores:
        """Take other mated pairs of the same images, by image number."""
        owner = self.faces.person[probes]
        return replace(
            self,
            mated=self.faces.score(probes, references),
            mated_people=np.stack([owner, owner], axis=1),
        )

    def _counts(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        faces = self.faces
        return (
            np.bincount(faces.person[faces.is_reference], minlength=faces.people),
            np.bincount(faces.person[faces.is_probe], minlength=faces.people),
        )


def compare_all_images(faces: Faces) -> AllScores:
    """Compare every two images, once; 10,000 images take about 600 MB."""
    probes, references = _mated_images(faces)
    owner = faces.person[probes]
    blocks = [block.scores[block.chosen] for block in faces.non_mated_blocks()]
    ascending = np.concatenate(blocks) if blocks else np.empty(0, np.float32)
    del blocks
    ascending.sort()
    tops: list[tuple[Matrix, NDArray[np.int64], NDArray[np.int64]]] = []
    if len(ascending):
        cut = ascending[-max(1, len(ascending) // 50)]
        tops = [block.above(cut) for block in faces.non_mated_blocks()]
    nobody = np.empty(0, np.int64)
    scores, left, right = zip(*tops, strict=True) if tops else ((ascending,), (nobody,), (nobody,))
    return AllScores(
        faces=faces,
        mated=faces.score(probes, references),
        mated_people=np.stack([owner, owner], axis=1),
        ascending=ascending,
        top_scores=np.concatenate(scores),
        top_left=np.concatenate(left),
        top_right=np.concatenate(right),
    )


def _mated_images(faces: Faces) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pair every two images of a person: the earlier is the reference."""
    starts = np.searchsorted(faces.person, np.arange(faces.people + 1))
    probes, references = [], []
    for start, end in pairwise(starts):
        earlier, later = np.triu_indices(end - start, k=1)
        references.append(start + earlier)
        probes.append(start + later)
    return np.concatenate(probes).astype(np.int64), np.concatenate(references).astype(np.int64)


def float32_up(threshold: float) -> np.float32:
    """Round a threshold to float32, never down, so that float32 scores compare as the door's."""
    near = np.float32(threshold)
    higher: np.float32 = np.nextafter(near, np.float32(np.inf))
    return near if float(near) >= threshold else higher
