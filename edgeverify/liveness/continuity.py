"""One face, followed without a break: nobody steps in between two steps of a challenge."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from edgeverify.domain import LivenessCues, Observation, Points, Reason

MIN_FRAMES_PER_SECOND = 10.0
RATE_TOLERANCE = 0.95
"""A camera that is asked for ten frames per second may deliver 9.5."""
RATE_FRAMES = 10
"""The rate is judged over this many intervals."""
TOO_SLOW = f"fewer than {MIN_FRAMES_PER_SECOND:g} frames per second came"
"""What the journal says where that was the reason."""
MAX_GAP_SECONDS = 0.5
"""Longest pause between two frames; and longest time without the face."""
MAX_MOVE = 0.6
MAX_SPEED_PER_SECOND = 4.0
"""A face may move by MAX_MOVE of its own height plus this many heights per second."""
MAX_SCALE = 1.6
"""And grow or shrink by this factor from one sighting to the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """Where a face was: capture time in seconds, centre and height in pixels."""

    at: float
    x: float
    y: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Continuity:
    """State after the frames seen so far.

    `broken` says in words why this is not one face any more; `too_slow` that frames come too
    slowly to tell. `speed` is how fast the face moved up to its newest sighting, in its own heights
    a second.
    """

    times: tuple[float, ...] = ()
    last: Sighting | None = None
    broken: str = ""
    too_slow: bool = False
    speed: float = 0.0

    def observe(self, observation: Observation) -> Continuity:
        """Take in one frame."""
        times = (*self.times, observation.at)[-(RATE_FRAMES + 1) :]
        seen = replace(self, times=times, too_slow=self.too_slow or _is_too_slow(times))
        refusal = observation.refusal
        if refusal is not None and refusal.reason is Reason.MULTIPLE_FACES:
            return replace(seen, broken=self.broken or "a second face came into view")
        if observation.cues is None:
            return _unseen(seen, observation.at)
        return _seen(seen, _sighting(observation.at, observation.cues))


def _unseen(seen: Continuity, at: float) -> Continuity:
    if seen.last is not None and at - seen.last.at > MAX_GAP_SECONDS:
        return replace(seen, broken=seen.broken or "the face was lost")
    return seen


def _seen(seen: Continuity, now: Sighting) -> Continuity:
    if seen.last is None:
        return replace(seen, last=now)
    broken = seen.broken or _break_between(seen.last, now)
    speed = _moved(seen.last, now) / max(now.at - seen.last.at, 1e-6)
    return replace(seen, last=now, broken=broken, speed=speed)


def _sighting(at: float, cues: LivenessCues) -> Sighting:
    points: Points = cues.mesh[:, :2]
    x, y = points.mean(axis=0)
    return Sighting(at=at, x=float(x), y=float(y), height=float(np.ptp(points[:, 1])))


def _break_between(before: Sighting, now: Sighting) -> str:
    pause = now.at - before.at
    if pause > MAX_GAP_SECONDS:
        return "the face was lost"
    grown = max(before.height, now.height, 1e-6) / max(min(before.height, now.height), 1e-6)
    moved = _moved(before, now)
    if not (moved <= MAX_MOVE + MAX_SPEED_PER_SECOND * pause and grown <= MAX_SCALE):
        return "the face jumped"
    return ""


def _moved(before: Sighting, now: Sighting) -> float:
    """Return the distance between two places of a face, in its heights."""
    size = max(before.height, now.height, 1e-6)
    return float(np.hypot(now.x - before.x, now.y - before.y)) / size


def _is_too_slow(times: tuple[float, ...]) -> bool:
    if len(times) >= 2 and times[-1] - times[-2] > MAX_GAP_SECONDS:
        return True
    if len(times) <= RATE_FRAMES:
        return False
    rate = (len(times) - 1) / max(times[-1] - times[0], 1e-9)
    return rate < RATE_TOLERANCE * MIN_FRAMES_PER_SECOND
