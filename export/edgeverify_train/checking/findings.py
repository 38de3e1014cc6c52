"""What is wrong, or looks wrong, with a folder of people (pure).

How many people and pairs there are, against what tasks take; and who is nearest to whom: every
picture against every other, in blocks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeverify.comparison import Metric
from edgeverify.evaluation.images.all_scores import score_block

TASKS = (("large", 5000), ("medium", 1001), ("small", 1000))
"""Identities for a task: 1,000 for a small one, 1,000 to 2,000 for a medium, 5,000 for a large."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """`mated` and `non_mated` are pairs of pictures that could be made."""

    people: int
    pictures: int
    mated: int
    non_mated: int
    fewest: int
    median: float
    most: int

    @property
    def verdict(self) -> str:
        """Return what that many identities are enough for, as a sentence."""
        reached = next((name for name, needed in TASKS if self.people >= needed), None)
        if reached is None:
            return (
                f"{self.people:,} identities are fewer than the 1,000 of a small task: a network "
                "from chance will know these people and no strangers. Fine-tune one that is "
                "trained (recipe finetune-own-people)."
            )
        return (
            f"{self.people:,} identities are enough for a {reached} task (1,000 small, 1,000 to "
            "2,000 medium, 5,000 large)."
        )


def amount(pictures_of_each: Sequence[int]) -> Amount:
    """Count; every person has at least one picture."""
    counts = sorted(pictures_of_each)
    total = sum(counts)
    mated = sum(count * (count - 1) // 2 for count in counts)
    middle = len(counts) // 2
    even = len(counts) % 2 == 0 and counts
    return Amount(
        people=len(counts),
        pictures=total,
        mated=mated,
        non_mated=total * (total - 1) // 2 - mated,
        fewest=counts[0] if counts else 0,
        median=(counts[middle - 1] + counts[middle]) / 2 if even else float(counts[middle]),
        most=counts[-1] if counts else 0,
    )


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


MIN_OWN = 2
"""Other pictures of a person that it takes to call one of them strange."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SamePicture:
    """One picture, byte for byte, in several places."""

    pictures: tuple[int, ...]
    people: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SamePerson:
    """Two names whose pictures look like one person: the nearest pair, and how many there are."""

    first: int
    second: int
    score: float
    pairs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stranger:
    """A picture that is unlike the others of its person; `rather` is one it is like instead."""

    picture: int
    own: int
    own_score: float
    rather: int | None
    rather_score: float


def same_pictures(digests: Sequence[str], person: Numbers) -> tuple[SamePicture, ...]:
    """Group pictures with one hash, those of several people first."""
    places: dict[str, list[int]] = defaultdict(list)
    for index, digest in enumerate(digests):
        places[digest].append(index)
    found = [
        SamePicture(pictures=tuple(all_), people=tuple(sorted({int(person[i]) for i in all_})))
        for all_ in places.values()
        if len(all_) > 1
    ]
    return tuple(sorted(found, key=lambda one: (-len(one.people), one.pictures)))


def same_people(found: Neighbours, person: Numbers) -> tuple[SamePerson, ...]:
    """Group the meetings by pairs of people, the nearest first."""
    best: dict[tuple[int, int], tuple[float, int, int, int]] = {}
    for first, second, score in found.meetings:
        low, high = sorted((int(person[first]), int(person[second])))
        known = best.get((low, high), (float("-inf"), -1, -1, 0))
        nearest = (score, first, second) if score > known[0] else known[:3]
        best[low, high] = (*nearest, known[3] + 1)
    pairs = [
        SamePerson(first=first, second=second, score=score, pairs=count)
        for score, first, second, count in best.values()
    ]
    return tuple(sorted(pairs, key=lambda one: -one.score))


def strangers(found: Neighbours, threshold: float) -> tuple[Stranger, ...]:
    """Pictures whose middle score with their own folder is below `threshold`, the worst first.

    Where somebody else's picture is nearer than any of their own, and a match, that is named.
    """
    listed = []
    for index, count in enumerate(found.own_count):
        if count < MIN_OWN or found.own_median[index] >= threshold:
            continue
        other, own = float(found.other_best[index]), float(found.own_best[index])
        is_another = other >= threshold and other > own
        if not is_another and own >= threshold:
            continue
        listed.append(
            Stranger(
                picture=index,
                own=int(found.own_index[index]),
                own_score=own,
                rather=int(found.other_index[index]) if is_another else None,
                rather_score=other,
            )
        )
    return tuple(sorted(listed, key=lambda one: (one.rather is None, one.own_score)))
