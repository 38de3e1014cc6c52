"""1:N beside 1:1: the same images at a door without cards, with N references to choose from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgeverify.evaluation.images.all_scores import AllScores
from edgeverify.evaluation.images.figures import threshold_at
from edgeverify.evaluation.statistics.bounds import is_supported
from edgeverify.evaluation.statistics.scores import Scores

_BLOCK = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkUpRow:
    """What N references make of one rate. All rates 0 to 1, per probe image.

    `threshold` is the one for `rate` / N; `is_supported` says whether the data carries that.
    `fpir` is how often somebody who is not enrolled is taken for one of the N, `fnir` how often
    somebody enrolled is not let in (missed or ambiguous), `mistaken` how often they are taken for
    another. `fpir_unsplit` is the FPIR were the threshold not split: why it is.
    """

    rate: float
    threshold: float
    is_supported: bool
    fpir: float
    fnir: float
    mistaken: float
    fpir_unsplit: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkUp:
    """The first usable picture of each of `references` people, and the others as probes.

    `rank_1` is how often the own reference is the most similar of all, 0 to 1.
    """

    references: int
    probes: int
    rank_1: float
    rows: tuple[WalkUpRow, ...]


def walk_up(scores: AllScores, rates: Sequence[float]) -> WalkUp | None:
    """Put every probe before all references; None with fewer than two references or no probe."""
    faces = scores.faces
    usable = np.flatnonzero(faces.is_reference)
    people, first = np.unique(faces.person[usable], return_index=True)
    gallery = usable[first]
    probes = np.flatnonzero(faces.is_probe)
    probes = probes[np.isin(faces.person[probes], people) & ~np.isin(probes, gallery)]
    if len(gallery) < 2 or not len(probes):
        return None
    own = np.empty(len(probes))
    best = np.empty(len(probes))
    for start in range(0, len(probes), _BLOCK):
        part = probes[start : start + _BLOCK]
        block = faces.block(gallery, part).T.copy()
        column = np.searchsorted(people, faces.person[part])
        rows = np.arange(len(part))
        own[start : start + _BLOCK] = block[rows, column]
        block[rows, column] = -np.inf
        best[start : start + _BLOCK] = block.max(axis=1)
    return WalkUp(
        references=len(gallery),
        probes=len(probes),
        rank_1=float((own > best).mean()),
        rows=tuple(_row(scores, rate, own, best, len(gallery)) for rate in rates),
    )


def _row(scores: AllScores, rate: float, own: Scores, best: Scores, count: int) -> WalkUpRow:
    threshold = threshold_at(scores, rate / count)
    found, another = own >= threshold, best >= threshold
    return WalkUpRow(
        rate=rate,
        threshold=threshold,
        is_supported=is_supported(rate / count, scores.pairs_of_people),
        # Without the own reference every probe is somebody who is not enrolled.
        fpir=float(another.mean()),
        fnir=float((~found | another).mean()),
        mistaken=float((another & ~found).mean()),
        fpir_unsplit=float((best >= threshold_at(scores, rate)).mean()),
    )
