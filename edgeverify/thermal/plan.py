"""What a level changes: how often the door looks while nobody has claimed, and nothing else.

The result has no field through which heat could reach a score, a threshold, the number of frames,
liveness or a gate. During a transaction the rate is the camera's own, at every level.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeverify.thermal.governor import Level

SLOW_FRAMES_PER_SECOND = 5.0
TRANSACTION_FRAMES_PER_SECOND = 10.0
"""The least during a transaction (contracts, section 6); where it cannot be held: `overheated`."""
MOTION_GREY_LEVELS = 12
MOTION_SHARE = 0.02
"""Something moved when 2 % of a small grey picture changed by 12 of 255: a person who steps up
covers far more, sensor noise on averaged pixels stays far below."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdlePlan:
    """How to look while nobody has claimed.

    `wakes_on_motion`: run detection only on frames that differ from the one before.
    `accepts_claims` is False only where every claim is denied `overheated`.
    """

    frames_per_second: float
    wakes_on_motion: bool
    accepts_claims: bool


def idle_plan(level: Level, camera_frames_per_second: float) -> IdlePlan:
    """Return what `level` means for a camera of this rate (per second)."""
    rates = {
        Level.FULL: camera_frames_per_second,
        Level.HALF: camera_frames_per_second / 2,
        Level.SLOW: min(SLOW_FRAMES_PER_SECOND, camera_frames_per_second / 2),
        Level.SUSPENDED: min(1.0, camera_frames_per_second / 2),
    }
    return IdlePlan(
        frames_per_second=rates[level],
        wakes_on_motion=level >= Level.SLOW,
        accepts_claims=level is not Level.SUSPENDED,
    )


def can_hold_transaction(frames_per_second: float) -> bool:
    """Return whether a measured rate is enough to decide at all."""
    return frames_per_second >= TRANSACTION_FRAMES_PER_SECOND


def moved(previous: NDArray[np.uint8] | None, current: NDArray[np.uint8]) -> bool:
    """Return whether something moved between two small grey pictures, uint8 (h, w), 0 to 255.

    True where there is no previous picture, or one of another size: when in doubt, look.
    """
    if previous is None or previous.shape != current.shape:
        return True
    changed = np.abs(previous.astype(np.int16) - current.astype(np.int16)) >= MOTION_GREY_LEVELS
    return bool(changed.mean() >= MOTION_SHARE)
