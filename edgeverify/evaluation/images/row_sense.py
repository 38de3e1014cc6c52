"""Rows of a calibration that no door could live with, and what is likely behind them (pure).

Such a row is measured rightly and means that something else is wrong: the metric, the
normalisation, the feeding, or who is in which folder.
"""

from __future__ import annotations

from collections.abc import Sequence

from edgeverify.bundle.measured_point import MeasuredPoint

REFUSED = 0.5
"""A threshold that refuses more than this share of the right comparisons admits hardly anybody."""
LOST = 0.1
"""More photos are more evidence: a reference of several that loses so much more than one is odd."""

_CHECK = (
    "Check the bundle's metric, normalisation and feeding (`edgeverify-export parity`), and that "
    "each folder holds one person."
)


def senseless(points: Sequence[MeasuredPoint]) -> tuple[str, ...]:
    """Return a sentence for each kind of row that makes no sense, with what to check; () if none.

    Rows of one kind are told once, by the loosest rate.
    """
    said = []
    single = {p.fmr: p for p in points if p.fusion == "single" and p.photos == 1}
    for kind in sorted({(p.fusion, p.photos) for p in points}, key=str):
        rows = [p for p in points if (p.fusion, p.photos) == kind and p.fnmr is not None]
        rows.sort(key=lambda point: -point.fmr)
        for point in rows:
            problem = _problem(point, single.get(point.fmr))
            if problem:
                said.append(f"{_named(point)}, FMR {point.fmr:g}: {problem}. {_CHECK}")
                break
    return tuple(said)


def _problem(point: MeasuredPoint, one: MeasuredPoint | None) -> str:
    missed = point.fnmr or 0.0
    if missed > REFUSED:
        return (
            f"this row makes no sense for a door: it refuses {missed:.0%} of {point.mated} "
            "comparisons of the right people"
        )
    if point.photos > 1 and one is not None and one.fnmr is not None and missed > one.fnmr + LOST:
        return (
            f"this row makes no sense: references of {point.photos} photos are refused in "
            f"{missed:.0%}, single ones in {one.fnmr:.0%}"
        )
    return ""


def _named(point: MeasuredPoint) -> str:
    if point.fusion != "single":
        return "means of five"
    return "single photos" if point.photos == 1 else f"references of {point.photos} photos"
