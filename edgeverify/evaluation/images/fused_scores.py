"""Scores of references of several photos: a fused one is nearer to everybody, so it is measured.

`fusion: mean` sees the mean of five probes of one person against a reference: here the five are
pictures taken one after another in the folder's order. Frames of one video are more alike than
photos of different days; were they identical, their mean would be no rarer above a threshold than
one of them. So a threshold for means never falls below that of single frames (`calibration.choose`,
`floors`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeverify.comparison import fused_values
from edgeverify.errors import EvaluationError
from edgeverify.evaluation.images.all_scores import Faces, Matrix, score_block
from edgeverify.evaluation.statistics.scores import Scores

FRAMES = 5
_BLOCK = 2048


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MeanScores:
    """Means of five raw scores; `non_mated` ascending."""

    mated: NDArray[np.float64]
    non_mated: NDArray[np.float32]
    pairs_of_people: int


def mean_scores(faces: Faces) -> MeanScores:
    """Compare five probes of each person, in order, with every reference that is none of them.

    EvaluationError where nobody has five usable pictures.
    """
    groups = _groups(faces)
    if not len(groups):
        raise EvaluationError(f"nobody has {FRAMES} usable pictures in a row")
    references = np.flatnonzero(faces.is_reference)
    owner = faces.person[groups[:, 0]]
    mated: list[NDArray[np.float32]] = []
    non_mated: list[NDArray[np.float32]] = []
    for start in range(0, len(references), _BLOCK):
        part = references[start : start + _BLOCK]
        total = np.mean([faces.block(part, groups[:, n]) for n in range(FRAMES)], axis=0)
        same = faces.person[part][:, None] == owner[None, :]
        among = (part[:, None, None] == groups[None, :, :]).any(axis=2)
        mated.append(total[same & ~among])
        non_mated.append(total[~same])
    known = np.unique(faces.person[references])
    probes = np.unique(owner)
    both = np.isin(probes, known).sum()
    # Pairs of a prober and somebody else's reference; two who are both count as one pair.
    pairs = len(probes) * len(known) - both - both * (both - 1) // 2
    return MeanScores(
        mated=np.concatenate(mated).astype(np.float64),
        non_mated=np.sort(np.concatenate(non_mated)),
        pairs_of_people=int(pairs),
    )


def _groups(faces: Faces) -> NDArray[np.int64]:
    """Pick the usable probes of each person by fives, int64 (n, 5)."""
    groups = []
    usable = np.flatnonzero(faces.is_probe)
    for person in range(faces.people):
        own = usable[faces.person[usable] == person]
        whole = len(own) // FRAMES * FRAMES
        groups.append(own[:whole].reshape(-1, FRAMES))
    return np.concatenate(groups) if groups else np.empty((0, FRAMES), np.int64)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FusedScores:
    """`non_mated` ascending, `mated`; of how many people the references are."""

    mated: Scores
    non_mated: Matrix
    people: int
    pairs_of_people: int


def fused_scores(faces: Faces, photos: int) -> FusedScores:
    """Compare references of each person's first `photos` pictures with every other picture.

    Pictures are fused as at enrolment. A person with fewer usable pictures has
    no reference, and is compared with those of others. Refused pictures are left out.
    """
    probes = np.flatnonzero(faces.is_probe)
    whose = faces.person[probes]
    fused, own, used = [], [], []
    for person in range(faces.people):
        images = np.flatnonzero(faces.is_reference & (faces.person == person))[:photos]
        if len(images) == photos:
            fused.append(fused_values(faces.references[images]))
            own.append(person)
            used.append(images)
    if not fused:
        nothing = np.empty(0, np.float32)
        return FusedScores(
            mated=nothing.astype(np.float64), non_mated=nothing, people=0, pairs_of_people=0
        )
    scores = score_block(np.stack(fused), faces.values[probes], faces.metric)
    is_own = np.array(own)[:, None] == whose[None, :]
    is_part = np.stack([np.isin(probes, images) for images in used])
    count, others = len(own), len(np.unique(whose[~np.isin(whose, own)]))
    return FusedScores(
        mated=scores[is_own & ~is_part].astype(np.float64),
        non_mated=np.sort(scores[~is_own]),
        people=count,
        pairs_of_people=count * (count - 1) // 2 + count * others,
    )
