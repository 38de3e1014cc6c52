"""What the door does while nobody has claimed: rest, as heat allows, and look for a face.

Only `fixed` and `walk_up` look: with a card reader there is nothing to see before a claim.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import cv2
import numpy as np
from numpy.typing import NDArray

from edgeverify.claims import StandingClaims
from edgeverify.daemon.door.lookout import Lookout, Watcher
from edgeverify.daemon.door.situation import Situation
from edgeverify.domain import Claim, Frame
from edgeverify.thermal import IdlePlan, moved

THUMBNAIL = (64, 36)
CLAIM_PAUSE_SECONDS = 0.25
"""Only a bound on how late a turn may notice a stop; a claim wakes it at once."""


class Idle:
    """Decides when to look, and asks for the claims of doors without a reader.

    `plan` gives what heat allows for a camera of the given rate; `wall` is aware UTC.
    """

    def __init__(
        self,
        *,
        plan: Callable[[float], IdlePlan],
        wall: Callable[[], datetime],
        new_id: Callable[[], str],
    ) -> None:
        self._plan = plan
        self._wall = wall
        self._new_id = new_id
        self._looked_at = float("-inf")
        self._before: NDArray[np.uint8] | None = None
        self._lookout = Lookout()
        self._standing: tuple[Situation, StandingClaims] | None = None

    def rest(self, situation: Situation, now: float) -> None:
        """Let the person pass after a decision, before the next attempt."""
        self._claims(situation).decided(monotonic=now)
        self._before = None
        self._lookout.forget()

    def pause(self, situation: Situation, now: float) -> float:
        """Return how long to wait for a claim before looking again, in seconds."""
        if not self._claims(situation).is_used:
            return CLAIM_PAUSE_SECONDS
        due = self._looked_at + self._interval(situation)
        return min(CLAIM_PAUSE_SECONDS, max(0.0, due - now))

    def wants_to_look(self, situation: Situation, now: float) -> bool:
        """Return whether it is time for a frame."""
        if not self._claims(situation).is_used:
            return False
        if now < self._looked_at:
            self._looked_at = float("-inf")  # another camera with another clock
        return now >= self._looked_at + self._interval(situation)

    def claim(self, frame: Frame, situation: Situation, watcher: Watcher) -> Claim | None:
        """Return a claim when a face large enough to be compared is in the frame."""
        self._looked_at = frame.captured_at
        plan = self._plan(situation.settings.camera.frames_per_second)
        if not plan.accepts_claims or (plan.wakes_on_motion and not self._moved(frame)):
            return None
        needed = situation.settings.quality.min_eye_distance_pixels
        is_there = self._lookout.sees_somebody(frame, watcher, eye_distance=needed)
        return self._claims(situation).next(
            face_seen=is_there, now=self._wall(), monotonic=frame.captured_at
        )

    def _claims(self, situation: Situation) -> StandingClaims:
        if self._standing is None or self._standing[0] is not situation:
            # A reload begins without a pause; nobody could use that to get more attempts.
            standing = StandingClaims(situation.settings.claims, situation.sources, self._new_id)
            self._standing = situation, standing
        return self._standing[1]

    def _interval(self, situation: Situation) -> float:
        return 1 / self._plan(situation.settings.camera.frames_per_second).frames_per_second

    def _moved(self, frame: Frame) -> bool:
        small = cv2.resize(frame.rgb[:, :, 1], THUMBNAIL, interpolation=cv2.INTER_AREA)
        current = np.asarray(small, dtype=np.uint8)
        before, self._before = self._before, current
        return moved(before, current)
