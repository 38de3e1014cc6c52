"""The groups of people within which a threshold is measured: by attribute, and look-alikes.

The look-alike cohort shows how a threshold fares among the people who are most alike. No labels
are needed. The gallery is everybody's first usable reference. For each person the most
similar 1 % of the other people in it are their look-alikes, and all other pictures of the two are
the comparisons that count. The pair that chose them does not: measured on that very score, the
cohort would hold every false match there is, by construction.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeverify.evaluation.images.all_scores import Faces, Matrix, compare_all_images
from edgeverify.evaluation.images.attributes import Attributes, faces_within, members
from edgeverify.evaluation.images.calibration import Group

SHARE = 0.01
"""Of the other people in the gallery; at least one."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CohortScores:
    """Non-mated scores between look-alikes, ascending; of how many people and pairs of them."""

    non_mated: Matrix
    people: int
    pairs_of_people: int


def look_alike_scores(faces: Faces, share: float = SHARE) -> CohortScores:
    """Compare everybody with their look-alikes, each pair of people and of pictures once.

    Empty where fewer than three people can be compared, or nobody has a second picture.
    """
    people, first = _gallery(faces)
    if len(people) < 3:  # with two everybody's only other is the look-alike
        return _nobody()
    found, seen, counted = [], set[int](), 0
    starts = np.searchsorted(faces.person, np.arange(faces.people + 1))
    for one, other in _pairs(faces, first, share):
        left = np.arange(starts[people[one]], starts[people[one] + 1])
        right = np.arange(starts[people[other]], starts[people[other] + 1])
        references = left[faces.is_reference[left]]
        probes = right[faces.is_probe[right]]
        scores = faces.block(references, probes)
        is_choice = (references[:, None] == first[one]) & (probes[None, :] == first[other])
        counts = scores[~is_choice]
        if len(counts):
            found.append(counts)
            seen |= {one, other}
            counted += 1
    if not found:
        return _nobody()
    return CohortScores(
        non_mated=np.sort(np.concatenate(found)), people=len(seen), pairs_of_people=counted
    )


def _gallery(faces: Faces) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return who can stand in the gallery, and the image number of each one's first picture."""
    usable = np.flatnonzero(faces.is_reference & faces.is_probe)
    people, place = np.unique(faces.person[usable], return_index=True)
    return people, usable[place]


def _pairs(faces: Faces, first: NDArray[np.int64], share: float) -> list[tuple[int, int]]:
    """Pair everybody with their look-alikes, lower number first, each pair once."""
    count = len(first)
    wanted = max(1, math.ceil(share * (count - 1) - 1e-9))
    pairs: set[tuple[int, int]] = set()
    for start in range(0, count, _BLOCK):
        rows = np.arange(start, min(start + _BLOCK, count))
        scores = faces.block(first[rows], first)
        scores[np.arange(len(rows)), rows] = -np.inf
        nearest = np.argpartition(scores, count - wanted, axis=1)[:, count - wanted :]
        pairs |= {
            (min(one, other), max(one, other))
            for one, others in zip(rows.tolist(), nearest.tolist(), strict=True)
            for other in others
        }
    return sorted(pairs)


def _nobody() -> CohortScores:
    return CohortScores(non_mated=np.empty(0, np.float32), people=0, pairs_of_people=0)


_BLOCK = 512


LOOK_ALIKES = f"the most similar {SHARE:.0%} of people"


def groups_of(faces: Faces, attributes: Attributes | None = None) -> tuple[Group, ...]:
    """Compare within each group; one without a comparison of two people is left out.

    Look-alikes need no labels, so they are always there; `attributes` are of these faces' images.
    """
    cohort = look_alike_scores(faces)
    found = [
        Group(
            name=LOOK_ALIKES,
            non_mated=cohort.non_mated,
            people=cohort.people,
            pairs_of_people=cohort.pairs_of_people,
        )
    ]
    for name, value, inside in members(attributes, len(faces.person)) if attributes else ():
        within = compare_all_images(faces_within(faces, inside))
        found.append(
            Group(
                name=f"{name} {value}",
                non_mated=within.ascending,
                people=within.people,
                pairs_of_people=within.pairs_of_people,
            )
        )
    return tuple(group for group in found if len(group.non_mated))
