"""What a live camera writes to the log: each state once, however often it is tried."""

from __future__ import annotations

import logging

from edgeverify.camera.camera import USABLE, CameraState
from edgeverify.camera.retrying import PICTURE_FAULTS

LOGGER = logging.getLogger(__name__)
CHANGE_SECONDS = 10.0
"""A camera that changes its pictures again and again is said to do so this often."""


class CameraLog:
    """Remembers what it said of the camera `name`, so that a weekend of trying is one line."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._state = CameraState.STARTING
        self._detail = ""
        self._changed_at: float | None = None
        self.unconfined = ""
        """What the capture process could not give up, in words."""

    def state(self, state: CameraState, detail: str) -> None:
        """Log another state, or another reason for being without pictures."""
        is_same_state = state is self._state
        is_same = detail == self._detail or state in PICTURE_FAULTS or state in USABLE
        self._state, self._detail = state, detail
        if is_same_state and is_same:
            return
        log = LOGGER.info if state in USABLE else LOGGER.warning
        log("camera %s: %s", state.value, detail)

    def changed(self, form: str, now: float) -> None:
        """Log that the camera changed its pictures in mid-stream; `now` is monotonic seconds."""
        if self._changed_at is None or now - self._changed_at >= CHANGE_SECONDS:
            self._changed_at = now
            LOGGER.warning("camera changed in mid-stream: %s: %s", self._name, form)

    def confined(self, lacking: str) -> None:
        """Log what the process that decodes the stream could not give up."""
        if lacking and lacking != self.unconfined:
            LOGGER.warning("the capture process is not confined: %s", lacking)
        self.unconfined = lacking
