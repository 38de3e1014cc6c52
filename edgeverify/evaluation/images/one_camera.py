"""Comparisons before one camera, and those across cameras, apart.

References and probes before the same camera share its light, lens and background, and match other
people far more often than pictures from everywhere: a rate of the one says nothing of the other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeverify.bundle.measured_point import MeasuredPoint
from edgeverify.bundle.operating_points import OperatingPoints
from edgeverify.errors import EvaluationError
from edgeverify.evaluation.images.all_scores import AllScores, Faces, compare_all_images
from edgeverify.evaluation.images.attributes import Attributes, faces_within, members
from edgeverify.evaluation.images.calibration import above, loosest, upper_bound
from edgeverify.evaluation.images.figures import false_matches
from edgeverify.evaluation.statistics.bounds import Rate, clopper_pearson, is_supported

MARGIN = 10.0
"""References of the door's own camera are held to the threshold of so much smaller a rate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraRow:
    """Error rates at one threshold, of comparisons of one kind; None where there is none."""

    kind: str
    fmr: Rate | None
    fnmr: Rate | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OneCamera:
    """All comparisons whose two pictures are of the same camera; `non_mated` is ascending."""

    cameras: int
    people: int
    pairs_of_people: int
    non_mated: NDArray[np.float32]
    mated: NDArray[np.float64]


def before_one_camera(faces: Faces, attributes: Attributes, column: str) -> OneCamera:
    """Compare within each camera. EvaluationError where `column` names none, or nobody is in it."""
    _require(column, attributes)
    only = Attributes(values={column: attributes.values[column]}, unknown=attributes.unknown)
    found, people, pairs = [], set[int](), set[tuple[int, int]]()
    for _, _, inside in members(only, len(faces.person)):
        there = np.unique(faces.person[inside]).tolist()
        people |= set(there)
        pairs |= {(one, other) for one in there for other in there if one < other}
        found.append(compare_all_images(faces_within(faces, inside)))
    if not found:
        raise EvaluationError(f"--camera-column {column}: not one image has a camera there")
    return OneCamera(
        cameras=len(found),
        people=len(people),
        pairs_of_people=len(pairs),
        non_mated=np.sort(np.concatenate([each.ascending for each in found])),
        mated=np.concatenate([each.mated for each in found]),
    )


def before_known_cameras(faces: Faces, attributes: Attributes, column: str) -> AllScores:
    """Compare all pictures whose camera is known; one without could be of any of them.

    EvaluationError where `column` names none.
    """
    _require(column, attributes)
    known = np.zeros(len(faces.person), np.bool_)
    known[list(attributes.values[column])] = True
    return compare_all_images(faces_within(faces, known))


def _require(column: str, attributes: Attributes) -> None:
    if column not in attributes.values:
        known = ", ".join(attributes.values) or "none"
        raise EvaluationError(
            f"--camera-column {column}: the table has no such column",
            advice=f"Its columns beside the image are: {known}.",
        )


def camera_rows(everything: AllScores, one: OneCamera, threshold: float) -> tuple[CameraRow, ...]:
    """Judge comparisons before one camera, and all others of known cameras, at `threshold`."""
    wrong = len(one.non_mated) - int(np.searchsorted(one.non_mated, np.float32(threshold)))
    missed = int((one.mated < threshold).sum())
    all_wrong = false_matches(everything, threshold)
    all_missed = int((everything.mated < threshold).sum())
    others = len(everything.ascending) - len(one.non_mated)
    other_mated = len(everything.mated) - len(one.mated)
    return (
        _row("one camera", wrong, len(one.non_mated), missed, len(one.mated)),
        _row("other cameras", all_wrong - wrong, others, all_missed - missed, other_mated),
    )


def _row(kind: str, wrong: int, non_mated: int, missed: int, mated: int) -> CameraRow:
    return CameraRow(
        kind=kind,
        fmr=clopper_pearson(wrong, non_mated) if non_mated else None,
        fnmr=clopper_pearson(missed, mated) if mated else None,
    )


def camera_points(
    found: OneCamera, elsewhere: OperatingPoints | None, *, dataset: str, date: str
) -> tuple[MeasuredPoint, ...]:
    """Choose thresholds for references taken before the door's own camera, one a rate.

    Where the pairs of people can carry a rate, it is the loosest whose bound fits. Where they
    cannot, no score that two different people reached may match, and the point is not supported.
    Either way never below the threshold of a tenth of the rate with pictures from elsewhere, or of
    the strictest rate that they carry. EvaluationError where there is nothing to compare.
    """
    if elsewhere is None or not len(found.non_mated):
        lack = "no two people before one camera" if elsewhere else "no thresholds for elsewhere yet"
        raise EvaluationError(
            f"{dataset}: {lack}",
            advice="Calibrate on pictures from elsewhere first, then on those of one camera.",
        )
    strictest = elsewhere.strictest("single")
    rates = sorted({p.fmr for p in elsewhere.points if p.supported and p.fusion == "single"})
    points = []
    for rate in reversed(rates):
        is_carried = is_supported(rate, found.pairs_of_people)
        own = loosest(found.non_mated, rate) if is_carried else None
        if own is None:
            own = above(float(found.non_mated[-1]))
        stricter = elsewhere.at_most(rate / MARGIN, "single") or strictest
        threshold = own if stricter is None else max(own, stricter.threshold)
        errors = len(found.non_mated) - int(np.searchsorted(found.non_mated, np.float32(threshold)))
        points.append(
            MeasuredPoint(
                threshold=threshold,
                fmr=rate,
                fnmr=float((found.mated < threshold).mean()) if len(found.mated) else None,
                fmr_upper_95=upper_bound(errors, len(found.non_mated)),
                false_matches=errors,
                non_mated=len(found.non_mated),
                mated=len(found.mated),
                dataset=f"{dataset}: {found.people} people before {found.cameras} camera(s)",
                date=date,
                supported=is_carried,
                origin="camera",
            )
        )
    return tuple(points)
