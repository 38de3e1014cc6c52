"""Fusing what the PAD networks said about the frames of one transaction."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from statistics import fmean

from edgeverify.domain import HeadPose, Liveness
from edgeverify.settings.liveness import PadSettings

DECIDING_FRAMES = 5
"""A mean below the threshold is an attack from this many frames on; until then it may recover."""


def looks_ahead(pose: HeadPose, settings: PadSettings) -> bool:
    """Return whether a head is turned so little that PAD may judge it.

    The networks were trained on faces that look ahead. Measured on `real.mov` (docs/liveness.md,
    'Poses'): 4 of the 5 live frames below 0.5 are tilted by 18 to 20 degrees. An angle that is not
    a number is not ahead.
    """
    return (
        abs(pose.yaw_degrees) <= settings.max_yaw_degrees
        and abs(pose.pitch_degrees) <= settings.max_pitch_degrees
        and abs(pose.roll_degrees) <= settings.max_roll_degrees
    )


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
