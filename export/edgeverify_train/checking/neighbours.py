"""Who is nearest to whom: every picture against every other, in blocks (pure)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeverify.comparison import Metric
from edgeverify.evaluation.images.all_scores import score_block

Values = NDArray[np.float32]
Numbers = NDArray[np.int64]
_BLOCK = 1024


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """For each picture, (n,): scores are raw, higher is nearer; minus infinity where nobody is.

    `own_best` and `own_median` are over the other pictures of its person, `own_count` how many
    those are, `own_index` the best one; `other_best` and `other_index` are over everybody else.
    `meetings` are the pairs of pictures of two people at or above the threshold that was asked.
    """

    own_best: NDArray[np.float64]
    own_median: NDArray[np.float64]
    own_count: Numbers
    own_index: Numbers
    other_best: NDArray[np.float64]
    other_index: Numbers
    meetings: tuple[tuple[int, int, float], ...]


def neighbours(values: Values, person: Numbers, metric: Metric, threshold: float) -> Neighbours:
    """Compare all; `values` float32 (n, d), `person` int64 (n,)."""
    count = len(values)
    own_best, own_median, other_best = (np.full(count, -np.inf) for _ in range(3))
    own_count = np.zeros(count, np.int64)
    own_index, other_index = np.full(count, -1, np.int64), np.full(count, -1, np.int64)
    meetings: list[tuple[int, int, float]] = []
    for start in range(0, count, _BLOCK):
        rows = slice(start, min(start + _BLOCK, count))
        scores = score_block(values[rows], values, metric).astype(np.float64)
        same = person[rows, None] == person[None, :]
        apart = np.where(same, -np.inf, scores)
        other_index[rows] = apart.argmax(axis=1)
        other_best[rows] = apart.max(axis=1)
        first, second = np.nonzero(apart >= threshold)
        keep = first + start < second
        meetings += [
            (int(a) + start, int(b), float(apart[a, b]))
            for a, b in zip(first[keep], second[keep], strict=True)
        ]
        for offset in range(scores.shape[0]):
            row = start + offset
            own = np.flatnonzero(same[offset])
            own = own[own != row]
            own_count[row] = len(own)
            if len(own):
                found = scores[offset, own]
                own_best[row], own_median[row] = found.max(), np.median(found)
                own_index[row] = own[found.argmax()]
    return Neighbours(
        own_best, own_median, own_count, own_index, other_best, other_index, tuple(meetings)
    )
