"""What the door does while nobody has claimed: rest, as heat allows, and look for a face.

Only `fixed` and `walk_up` look: with a card reader there is nothing to see before a claim.

Whether somebody stands before a door without a reader is detected now and then, else tracked, only
for frames before a claim: none of these counts, and a claim begins only on a frame that had its own
detection. Somebody who is still too small is followed from frame to frame, and while nobody is
there the detector looks once (its second look, for faces that fill half the picture, comes with
every full detection).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from edgeverify.claims import StandingClaims
from edgeverify.daemon.door.situation import Situation
from edgeverify.domain import Claim, Face, FaceBox, Frame
from edgeverify.thermal import IdlePlan, moved

FULL_DETECTION_SECONDS = 0.5
"""At least this often everything is looked for, whoever is followed."""


class Watcher(Protocol):
    """What a pipeline offers for frames that do not count."""

    def look(self, frame: Frame, *, twice: bool) -> tuple[FaceBox, ...]:
        """Find all faces; `twice` also in the picture at half its size."""

    def pick_up(self, frame: Frame, box: FaceBox) -> Face | None:
        """Put the mesh on a detected face, to follow it from there."""

    def follow(self, frame: Frame, previous: Face) -> Face | None:
        """Follow a face into the next frame; None where it was lost."""


class Lookout:
    """Remembers whom it follows and when it last looked for everything."""

    def __init__(self) -> None:
        self._followed: Face | None = None
        self._looked_at = float("-inf")

    def forget(self) -> None:
        """Start again, as after an attempt: whoever comes next is somebody else."""
        self._followed = None
        self._looked_at = float("-inf")

    def sees_somebody(self, frame: Frame, watcher: Watcher, *, eye_distance: float) -> bool:
        """Return whether a face with that many pixels between the eyes is in the frame.

        True only on this frame's own detection.
        """
        is_due = not 0 <= frame.captured_at - self._looked_at < FULL_DETECTION_SECONDS
        if self._followed is not None and not is_due:
            self._followed = watcher.follow(frame, self._followed)
            if self._followed is not None and self._followed.eye_distance_pixels < eye_distance:
                return False
        if is_due:
            self._looked_at = frame.captured_at
        boxes = watcher.look(frame, twice=is_due)
        largest = max(boxes, key=lambda box: box.eye_distance, default=None)
        if largest is None:
            self._followed = None
            return False
        if largest.eye_distance >= eye_distance:
            return True
        self._followed = watcher.pick_up(frame, largest)
        return False


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
