"""Scores of references of several photos: a fused one is nearer to everybody, so it is measured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeverify.comparison import fused_values
from edgeverify.evaluation.images.all_scores import Faces, Matrix, score_block
from edgeverify.evaluation.statistics.scores import Scores


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
