"""Scores as `fusion: mean` sees them: the mean of five probes of one person against a reference.

Here the five are pictures taken one after another in the folder's order. Frames of one video are
more alike than photos of different days; were they identical, their mean would be no rarer above
a threshold than one of them. So a threshold for means never falls below that of single frames
(`calibration.choose`, `floors`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeverify.errors import EvaluationError
from edgeverify.evaluation.images.all_scores import Faces

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
