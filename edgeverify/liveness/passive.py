"""Fusing what the PAD networks said about the frames of one transaction."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from statistics import fmean

from edgeverify.domain import Liveness

DECIDING_FRAMES = 5
"""A mean below the threshold is an attack from so many frames on; until then it may recover."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PadFusion:
    """The mean P(live) over the frames judged so far.

    `threshold` (0 to 1) is what the mean must reach, `min_frames` how many frames must have been
    judged before liveness can pass. `has_failed` stays once it was set.
    """

    threshold: float
    min_frames: int
    probabilities: tuple[float, ...] = ()
    has_failed: bool = False

    @property
    def mean(self) -> float | None:
        """Mean P(live), 0 to 1; None before the first judged frame."""
        return fmean(self.probabilities) if self.probabilities else None

    def observe(self, live_probability: float | None) -> PadFusion:
        """Take in one frame's P(live); None where the frame was not judged.

        A value that is not a probability counts as 0: certainly no live person.
        """
        if live_probability is None:
            return self
        known = math.isfinite(live_probability) and 0.0 <= live_probability <= 1.0
        seen = replace(
            self, probabilities=(*self.probabilities, live_probability if known else 0.0)
        )
        return replace(seen, has_failed=self.has_failed or seen.is_attack)

    @property
    def verdict(self) -> Liveness:
        """`PENDING` until `min_frames`; then `PASSED`, or an attack from DECIDING_FRAMES on."""
        if self.has_failed:
            return Liveness.PRESENTATION_ATTACK
        if len(self.probabilities) < self.min_frames or not self.is_live:
            return Liveness.PENDING
        return Liveness.PASSED

    @property
    def is_live(self) -> bool:
        """True where the mean reaches the threshold, however few frames it is over."""
        mean = self.mean
        return mean is not None and mean >= self.threshold

    @property
    def is_attack(self) -> bool:
        """True where it does not, over enough frames to say so."""
        deciding = max(self.min_frames, DECIDING_FRAMES)
        return len(self.probabilities) >= deciding and not self.is_live
