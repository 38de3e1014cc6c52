"""What the door does while nobody has claimed: rest, as heat allows, and look for a face.

Only `fixed` and `walk_up` look: with a card reader there is nothing to see before a claim.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from edgeverify.daemon.situation import Situation
from edgeverify.domain import Claim, ClaimSource, FaceBox, Frame, RgbImage
from edgeverify.thermal import IdlePlan, moved

THUMBNAIL = (64, 36)
MQTT_PAUSE_SECONDS = 0.25
"""Only a bound on how late a turn may notice a stop; a claim wakes it at once."""


class Detector(Protocol):
    """Whatever finds faces."""

    def detect(self, rgb: RgbImage) -> tuple[FaceBox, ...]:
        """Return every face in the picture."""


class Idle:
    """Decides when to look, and makes the claims of doors without a reader."""

    def __init__(
        self,
        *,
        plan: Callable[[float], IdlePlan],
        wall: Callable[[], datetime],
        new_id: Callable[[], str],
    ) -> None:
        """`plan` gives what heat allows for a camera of the given rate; `wall` is aware UTC."""
        self._plan = plan
        self._wall = wall
        self._new_id = new_id
        self._looked_at = float("-inf")
        self._resting_until = float("-inf")
        self._before: NDArray[np.uint8] | None = None

    def rest(self, now: float) -> None:
        """Let the person pass after a decision, before the next attempt."""
        self._resting_until = now
        self._before = None

    def pause(self, situation: Situation, now: float) -> float:
        """Return how long to wait for a claim before looking again, in seconds."""
        if not _looks(situation):
            return MQTT_PAUSE_SECONDS
        interval = 1 / self._rate(situation)
        return min(MQTT_PAUSE_SECONDS, max(0.0, self._looked_at + interval - now))

    def wants_to_look(self, situation: Situation, now: float) -> bool:
        """Tell whether it is time for a frame."""
        pause = situation.settings.claims.retry_pause_seconds
        if not _looks(situation) or now < self._resting_until + pause:
            return False
        return now >= self._looked_at + 1 / self._rate(situation)

    def claims(self, frame: Frame, situation: Situation, detector: Detector) -> tuple[Claim, ...]:
        """Return a claim when a face large enough to be compared is in the frame."""
        self._looked_at = frame.captured_at
        plan = self._plan(situation.settings.camera.frames_per_second)
        if not plan.accepts_claims or (plan.wakes_on_motion and not self._moved(frame)):
            return ()
        needed = situation.settings.quality.min_eye_distance_pixels
        if not any(box.eye_distance >= needed for box in detector.detect(frame.rgb)):
            return ()
        sources = situation.settings.claims.sources
        source = ClaimSource.FIXED if "fixed" in sources else ClaimSource.WALK_UP
        card = situation.settings.claims.fixed_card if source is ClaimSource.FIXED else ""
        return (
            Claim(
                id=self._new_id(),
                card=card,
                issued_at=self._wall(),
                received_at=frame.captured_at,
                source=source,
            ),
        )

    def _rate(self, situation: Situation) -> float:
        return self._plan(situation.settings.camera.frames_per_second).frames_per_second

    def _moved(self, frame: Frame) -> bool:
        small = cv2.resize(frame.rgb[:, :, 1], THUMBNAIL, interpolation=cv2.INTER_AREA)
        current = np.asarray(small, dtype=np.uint8)
        before, self._before = self._before, current
        return moved(before, current)


def _looks(situation: Situation) -> bool:
    return bool({"fixed", "walk_up"} & set(situation.settings.claims.sources))
