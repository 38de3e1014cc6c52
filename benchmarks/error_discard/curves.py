"""Error-versus-discard curves: what is won when the worst faces are refused (pure).

FNMR at a fixed threshold over the mated pairs that are left, while those with the worst figure
are discarded first. Source: Grother and Tabassi, "Performance of Biometric Quality Measures",
IEEE TPAMI 29(4), 2007. A gate is worth its refusals where the curve falls.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from edgeverify.domain import HeadPose, QualityFigures
from edgeverify.errors import EvaluationError
from edgeverify.evaluation.statistics.rates import fnmr
from edgeverify.evaluation.statistics.scores import Scores
from edgeverify.settings import QualitySettings

Goodness: TypeAlias = NDArray[np.float64]
"""A gate's figure turned so that higher is better, float64, shape (n,)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateFigure:
    """One gate: its setting, what it reads, and whether low or high values are refused."""

    setting: str
    figure: str
    refuses: Literal["low", "high"]
    unit: str = ""

    def goodness(self, figures: QualityFigures, pose: HeadPose) -> float:
        """Return the figure, turned so that higher is better; for angles minus their size."""
        if self.figure.endswith("_degrees"):
            return -abs(float(getattr(pose, self.figure)))
        value = float(getattr(figures, self.figure))
        return value if self.refuses == "low" else -value

    def limit(self, settings: QualitySettings) -> float:
        """Return the gate's limit on the same scale."""
        value = float(getattr(settings, self.setting))
        return value if self.refuses == "low" else -value

    def shown(self, goodness: float) -> float:
        """Turn a goodness back into the gate's own unit."""
        return goodness if self.refuses == "low" else -goodness


GATES: tuple[GateFigure, ...] = (
    GateFigure(
        setting="min_eye_distance_pixels", figure="eye_distance_pixels", refuses="low", unit="px"
    ),
    GateFigure(setting="min_sharpness", figure="sharpness", refuses="low"),
    GateFigure(setting="min_brightness", figure="brightness", refuses="low"),
    GateFigure(setting="max_brightness", figure="brightness", refuses="high"),
    GateFigure(setting="min_contrast", figure="contrast", refuses="low"),
    GateFigure(setting="min_border_pixels", figure="border_pixels", refuses="low", unit="px"),
    GateFigure(setting="max_yaw_degrees", figure="yaw_degrees", refuses="high", unit="degrees"),
    GateFigure(setting="max_pitch_degrees", figure="pitch_degrees", refuses="high", unit="degrees"),
    GateFigure(setting="max_roll_degrees", figure="roll_degrees", refuses="high", unit="degrees"),
    GateFigure(setting="min_eye_light", figure="eye_light", refuses="low"),
    GateFigure(setting="max_mouth_difference", figure="mouth_difference", refuses="high"),
)
"""Every gate of `QualitySettings` that reads a figure of the face."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DiscardCurve:
    """FNMR of what is left (0 to 1) after `discarded` (0 to 1, rising) of the pairs were refused.

    `limits` is the goodness that the worst pair still kept has. All float64, shape (m,).
    """

    discarded: Scores
    fnmr: Scores
    limits: Goodness

    def at(self, share: float) -> float:
        """Return the FNMR once at least `share` (0 to 1) is discarded; NaN where no point is."""
        index = int(np.searchsorted(self.discarded, share - 1e-12, side="left"))
        return float(self.fnmr[index]) if index < len(self.fnmr) else float("nan")


@dataclass(frozen=True, slots=True, kw_only=True)
class GateEffect:
    """What one limit does: pairs kept and refused, and the FNMR of either; None for no pair."""

    kept: int
    refused: int
    fnmr_kept: float | None
    fnmr_refused: float | None


def discard_curve(mated: Scores, goodness: Goodness, threshold: float) -> DiscardCurve:
    """Discard mated pairs, worst figure first, and follow FNMR at `threshold`.

    Pairs of one figure go together, so ties make no order of their own; the last pairs are never
    discarded. Raises EvaluationError for no pair, or where lengths differ.
    """
    _require(mated, goodness)
    order = np.argsort(goodness, kind="stable")
    sorted_goodness = goodness[order]
    misses = mated[order] < threshold
    first = np.concatenate([[0], np.nonzero(np.diff(sorted_goodness))[0] + 1])
    count = len(mated)
    missed_before = np.concatenate([[0], np.cumsum(misses)])[first]
    left = count - first
    return DiscardCurve(
        discarded=first / count,
        fnmr=(int(misses.sum()) - missed_before) / left,
        limits=sorted_goodness[first],
    )


def gate_effect(mated: Scores, goodness: Goodness, threshold: float, limit: float) -> GateEffect:
    """Say what refusing everything below `limit` (as goodness) does. Raises EvaluationError."""
    _require(mated, goodness)
    is_kept = goodness >= limit
    kept, refused = mated[is_kept], mated[~is_kept]
    return GateEffect(
        kept=len(kept),
        refused=len(refused),
        fnmr_kept=fnmr(kept, threshold) if len(kept) else None,
        fnmr_refused=fnmr(refused, threshold) if len(refused) else None,
    )


def _require(mated: Scores, goodness: Goodness) -> None:
    if not len(mated):
        raise EvaluationError("an error-versus-discard curve needs mated pairs")
    if mated.shape != goodness.shape:
        raise EvaluationError(f"{len(mated)} scores but {len(goodness)} quality figures")
    if np.isnan(goodness).any():
        raise EvaluationError("a quality figure is not a number")
