"""The choice of a threshold for a door, among those that its bundle has evidence for."""

from __future__ import annotations

import math

from edgeverify.bundle.measured_point import Fusion, MeasuredPoint
from edgeverify.bundle.operating_points import OperatingPoints
from edgeverify.comparison import Metric
from edgeverify.domain import OperatingPoint
from edgeverify.errors import ConfigError
from edgeverify.how_many import how_many
from edgeverify.settings import DecisionSettings

_MEAN_FRAMES = 5


SMALL_FACTOR = 10.0
"""A reference of small photos is held to the threshold of this many times fewer false matches."""


def one_sided(threshold: float, metric: Metric) -> str:
    """Return why a threshold decides nothing, as every score lies on one side of it; else empty.

    A cosine is above -1 and at most 1, minus a distance at most 0. One that is no number has no
    score at or above it.
    """
    lowest, highest = (-1.0, 1.0) if metric == "cosine" else (-math.inf, 0.0)
    between = "above -1 and at most 1" if metric == "cosine" else "minus a distance, so at most 0"
    if not threshold <= highest:
        return f"lets nobody in: the scores are {between}"
    return f"lets everybody in: the scores are {between}" if threshold <= lowest else ""


def choose_operating_point(
    points: OperatingPoints | None,
    settings: DecisionSettings,
    *,
    bundle_name: str,
    references: int = 1,
) -> OperatingPoint:
    """Choose the threshold for `settings.max_fmr`, split over `references` (walk-up: N).

    A threshold written by hand wins and is named so. ConfigError where nothing was measured that
    carries the rate; for walk-up it names the largest N that the evidence supports.
    """
    if settings.threshold is not None:
        return OperatingPoint(
            threshold=settings.threshold, max_fmr=None, evidence="written by hand"
        )
    count = max(1, references)
    fusion: Fusion = "single" if settings.fusion == "votes" else "mean5"
    if fusion == "mean5" and settings.window_frames != _MEAN_FRAMES:
        raise ConfigError(
            f"decision.fusion: mean is measured on means of {_MEAN_FRAMES} scores, and "
            f"decision.window_frames is {settings.window_frames}",
            advice=f"Set window_frames to {_MEAN_FRAMES}, or write decision.threshold by hand.",
        )
    rate, factor = settings.max_fmr / count, settings.group_factor
    found = None if points is None else points.at_most(rate, fusion, group_factor=factor)
    if points is None or found is None:
        raise _no_evidence(points, settings, bundle_name, count, fusion)
    camera, camera_evidence = _for_camera(points, found, rate)
    return OperatingPoint(
        threshold=found.threshold,
        max_fmr=rate,
        evidence=found.evidence_at(rate),
        worst_group=found.group_promise(rate, factor),
        not_held=_not_held(found, rate, factor, count),
        caution=found.caution_at(rate, factor),
        for_photos=_for_photos(points, found),
        for_camera=camera,
        camera_evidence=camera_evidence,
        for_small=_for_small(points, found, fusion),
        fnmr_by_threshold=points.fnmr_by_threshold(fusion),
    )


def _not_held(found: MeasuredPoint, rate: float, factor: float, count: int) -> str:
    """Return which group is confused more often than is promised, here and by a door of defaults.

    Whoever asks for less than the default is not blamed for what the evidence does not reach.
    """
    least = max(rate, DecisionSettings().max_fmr / count)
    return "" if found.holds_for_all(least, factor) else found.group_promise(rate, factor)


def _for_photos(points: OperatingPoints, found: MeasuredPoint) -> tuple[tuple[int, float], ...]:
    """Choose what references of several photos need at the same rate; never less than fewer do.

    Means of five are measured against single photos: they get the threshold of single frames at
    least, as they do everywhere.
    """
    single = points.at_most(found.fmr, "single")
    least = found.threshold
    chosen = []
    for photos in points.photo_counts:
        measured = points.at_most(found.fmr, "single", photos)
        if measured is not None and measured.fmr == found.fmr:
            least = max(least, measured.threshold)
        elif single is not None:
            least = max(least, single.threshold + points.step(photos))
        chosen.append((photos, least))
    return tuple(chosen)


def _for_camera(points: OperatingPoints, found: MeasuredPoint, rate: float) -> tuple[float, str]:
    """Choose what references with a picture of the door's own camera need, and say on what.

    Never less than others do. Few people were ever measured before one camera, so such a point may
    be unsupported and says so; where there is none, the strictest threshold that the bundle has.
    """
    measured = points.before_one_camera(found.fmr)
    if measured is not None:
        carried = "" if measured.supported else "; NOT supported: too few people"
        said = f"{measured.evidence_at(rate)}{carried}"
        return max(found.threshold, measured.threshold), said
    strictest = points.strictest("single")
    least = found.threshold if strictest is None else strictest.threshold
    return max(found.threshold, least), "not measured before one camera: the strictest threshold"


def _for_small(points: OperatingPoints, found: MeasuredPoint, fusion: Fusion) -> float:
    """Choose what references of small photos need: a tenth of the rate, else the strictest."""
    tighter = points.at_most(found.fmr / SMALL_FACTOR, fusion) or points.strictest(fusion)
    return found.threshold if tighter is None else max(found.threshold, tighter.threshold)


def _no_evidence(
    points: OperatingPoints | None,
    settings: DecisionSettings,
    bundle_name: str,
    count: int,
    fusion: Fusion,
) -> ConfigError:
    strictest = None if points is None else points.strictest(fusion)
    kind = "single comparisons" if fusion == "single" else "means of five scores (fusion: mean)"
    advice = "Measure it with `edgeverify calibrate`, or write decision.threshold by hand."
    if strictest is None:
        return ConfigError(
            f"the bundle {bundle_name} has no operating points measured on {kind}", advice=advice
        )
    wanted = settings.max_fmr / count
    if strictest.fmr <= wanted * (1 + 1e-9):
        worst = strictest.group_evidence
        return ConfigError(
            f"decision.group_factor {settings.group_factor:g} cannot be held at "
            f"decision.max_fmr {wanted:g} with the bundle {bundle_name}; {worst}",
            advice="Write a larger factor or a higher rate, or measure with `edgeverify "
            "calibrate` on your own people.",
        )
    if count > 1 and strictest.fmr <= settings.max_fmr:
        largest = int(settings.max_fmr / strictest.fmr * (1 + 1e-9))
        return ConfigError(
            f"decision.max_fmr {settings.max_fmr:g} split over {count} references asks for "
            f"{wanted:.2g}, but the bundle {bundle_name} has evidence down to {strictest.fmr:g}: "
            f"walk-up supports at most {how_many(largest, 'reference')} here",
            advice="Enrol fewer people at this door, use a card reader, or measure more pairs.",
        )
    return ConfigError(
        f"decision.max_fmr {settings.max_fmr:g} is stricter than the evidence of the bundle "
        f"{bundle_name}, which reaches down to {strictest.fmr:g}",
        advice=advice,
    )
