"""At which score parity looks for flipped decisions."""

from __future__ import annotations

from dataclasses import dataclass

from edgeverify_export.parity.answers import Answers, scores
from edgeverify_export.parity.trial import Trial

from edgeverify.evaluation.rates import threshold_at_fmr
from edgeverify.runtime.bundle import Bundle

_DOOR_FMR = 1e-4
_FALLBACK_FMR = 1e-3


@dataclass(frozen=True, slots=True)
class Chosen:
    """A threshold and where it comes from."""

    value: float
    source: str


def choose(bundle: Bundle, baseline: Answers, trial: Trial, by_hand: float | None) -> Chosen | None:
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
    non_mated = scores(baseline.values, trial, bundle.manifest)[~trial.mated]
    if not len(non_mated):
        return None
    value = threshold_at_fmr(non_mated, _FALLBACK_FMR)
    return Chosen(value, f"FMR 1e-3 of the {len(non_mated)} non-mated pairs given")
