"""What is wrong, or looks wrong, with a folder of people (pure)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from edgeverify_train.checking.neighbours import Neighbours, Numbers

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
