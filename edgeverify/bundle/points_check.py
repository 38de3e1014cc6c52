"""Whether measured points can be true: a threshold against the counts that were seen at it.

Points of one measurement are the tail of one histogram: how many non-mated scores reached each of
the thresholds. Whoever edits a threshold and its hash leaves counts that no histogram can have,
unless all points are moved together.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

from edgeverify.bundle.operating_points import MeasuredPoint, OperatingPoints

Scale = Literal["cosine", "euclidean", "probability"]

_LOWEST = {"cosine": -1.0, "euclidean": -math.inf, "probability": 0.0}
_ROUNDING = 1e-6


def implausible(points: OperatingPoints, scale: Scale) -> str:
    """Return what cannot be true of the points, in words for people; empty where nothing is."""
    measurements: dict[tuple[object, ...], list[MeasuredPoint]] = defaultdict(list)
    for point in points.points:
        problem = _alone(point, scale)
        if problem:
            return problem
        key = (point.dataset, point.date, point.fusion, point.photos, point.origin, point.non_mated)
        measurements[key].append(point)
    for measured in measurements.values():
        problem = _together(sorted(measured, key=lambda one: one.threshold))
        if problem:
            return problem
    return ""


def _alone(point: MeasuredPoint, scale: Scale) -> str:
    named = f"the threshold {point.threshold:.4g} for FMR {point.fmr:g}"
    if point.threshold <= _LOWEST[scale] and point.false_matches < point.non_mated:
        return f"{named} lets everybody in, and {point.false_matches:,} false matches are stated"
    if point.false_matches > point.non_mated:
        return f"{named} had more false matches than comparisons"
    seen = point.false_matches / point.non_mated
    if point.fmr_upper_95 < seen:
        return f"{named} has an upper bound below the rate that was seen"
    if point.supported and max(seen, point.fmr_upper_95) > point.fmr * (1 + _ROUNDING):
        return f"{named} is called supported, and its counts do not carry that rate"
    return ""


def _together(rising: Sequence[MeasuredPoint]) -> str:
    """Look at one histogram's points; `rising` by threshold."""
    for lower, higher in pairwise(rising):
        same = lower.threshold == higher.threshold
        if higher.false_matches > lower.false_matches or (
            same and higher.false_matches != lower.false_matches
        ):
            return (
                f"at the threshold {higher.threshold:.4g} {higher.false_matches:,} scores are "
                f"stated, and at {lower.threshold:.4g} {lower.false_matches:,}: a higher one is "
                "reached by fewer"
            )
        if lower.mated == higher.mated and (lower.fnmr or 0.0) > (
            1.0 if higher.fnmr is None else higher.fnmr
        ):
            return (
                f"the threshold {higher.threshold:.4g} refuses fewer owners than "
                f"{lower.threshold:.4g}, which is lower"
            )
    return ""
