"""What more photos per reference win: the same people and probes, references of 1, 2, 3 and 5."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgeverify.comparison import fused_values
from edgeverify.evaluation.images.all_scores import AllScores, score_block
from edgeverify.evaluation.images.figures import threshold_at

COUNTS = (1, 2, 3, 5)


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotosAtRate:
    """At the threshold that single photos have for `rate`: FNMR, and what became of the FMR."""

    rate: float
    fnmr: float
    fmr: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotosRow:
    """References of `photos` pictures each of `people`.

    `probes` are their other pictures; `non_mated` comparisons are with everybody else's pictures.
    """

    photos: int
    people: int
    probes: int
    non_mated: int
    at: tuple[PhotosAtRate, ...]


def several_photos(
    scores: AllScores, rates: Sequence[float], counts: Sequence[int] = COUNTS
) -> tuple[PhotosRow, ...]:
    """Measure each count on the people who have more usable pictures than the largest.

    Their first pictures make the reference (fused as at enrolment), the later ones are
    probes. Nothing where there are fewer than two such people.
    """
    faces = scores.faces
    usable = np.flatnonzero(faces.is_reference & faces.is_probe)
    owned = [usable[faces.person[usable] == person] for person in range(faces.people)]
    owned = [images for images in owned if len(images) > max(counts)]
    if len(owned) < 2:
        return ()
    people = np.array([faces.person[images[0]] for images in owned])
    # Every usable picture is a probe; those that references are made of meet others' only.
    own = faces.person[usable][:, None] == people[None, :]
    later = np.isin(usable, np.concatenate([images[max(counts) :] for images in owned]))
    mated = own & later[:, None]
    rows = []
    for count in counts:
        fused = [fused_values(faces.references[images[:count]]) for images in owned]
        found = score_block(np.stack(fused), faces.values[usable], faces.metric).T
        rows.append(
            PhotosRow(
                photos=count,
                people=len(owned),
                probes=int(mated.sum()),
                non_mated=int((~own).sum()),
                at=tuple(
                    PhotosAtRate(
                        rate=rate,
                        fnmr=float((found[mated] < threshold_at(scores, rate)).mean()),
                        fmr=float((found[~own] >= threshold_at(scores, rate)).mean()),
                    )
                    for rate in rates
                ),
            )
        )
    return tuple(rows)
