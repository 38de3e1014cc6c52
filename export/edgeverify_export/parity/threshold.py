"""At which score parity looks for flipped decisions."""

from __future__ import annotations

from dataclasses import dataclass

from edgeverify.bundle.fusion import EmbedderBundle
from edgeverify.evaluation.statistics.rates import threshold_at_fmr
from edgeverify_export.parity.trial import Answers, Scores, Trial, scores

_DOOR_FMR = 1e-4
_FALLBACK_FMR = 1e-3


@dataclass(frozen=True, slots=True)
class Chosen:
    """A threshold and where it comes from."""

    value: float
    source: str


def choose(
    bundle: EmbedderBundle, baseline: Answers, trial: Trial, by_hand: float | None
) -> Chosen | None:
    """Take the one written by hand, else the door's operating point, else FMR 1e-3 of the pairs.

    None where there are no pairs to decide.
    """
    if not trial.has_pairs:
        return None
    if by_hand is not None:
        return Chosen(by_hand, "given by --threshold")
    points = bundle.operating_points
    point = None if points is None else points.at_most(_DOOR_FMR, "single")
    if point is not None:
        return Chosen(point.threshold, f"the bundle's operating point for FMR {point.fmr:g}")
    found = scores(baseline.values, trial, bundle.manifest)
    non_mated = found[~trial.mated]
    if not len(non_mated):
        return None
    value = _between(found, threshold_at_fmr(non_mated, _FALLBACK_FMR))
    return Chosen(value, f"FMR 1e-3 of the {len(non_mated)} non-mated pairs given")


def _between(found: Scores, lowest: float) -> float:
    """Move the lowest threshold of its FMR to the middle of the gap that it begins.

    It lies a rounding above one of the very scores that are looked at, which any other arithmetic
    would flip; every threshold up to the next score decides these pairs alike.
    """
    below, above = found[found < lowest], found[found >= lowest]
    if not len(below) or not len(above):
        return lowest
    return float((below.max() + above.min()) / 2)
