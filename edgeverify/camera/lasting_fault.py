"""When a camera that shows nothing useful is opened again. Pure: time is given."""

from __future__ import annotations

from edgeverify.backoff import Backoff
from edgeverify.camera.health import CameraState

FIRST_SECONDS = 5.0
LONGEST_SECONDS = 600.0
"""A door that is dark all night opens its camera every ten minutes, not every five seconds."""
PICTURE_FAULTS = frozenset(
    {
        CameraState.FROZEN,
        CameraState.BLACK,
        CameraState.COVERED,
        CameraState.OVEREXPOSED,
        CameraState.TORN,
    }
)


class LastingFault:
    """Says when to hang up: five seconds after a fault was named, then after twice as long.

    Encoders and decoders get stuck in ways that only a new connection ends; a lens cap is not
    ended by one, hence the growing pauses.
    """

    def __init__(self) -> None:
        self._state: CameraState | None = None
        self._began = 0.0
        self._backoff = Backoff(first_seconds=FIRST_SECONDS, longest_seconds=LONGEST_SECONDS)
        self._patience = self._backoff.next_pause()
        self.times = 0
        """How often it was opened again for the fault of now."""

    def look(self, state: CameraState, at: float) -> bool:
        """Return whether to open the camera again; `at` is seconds, and must not fall."""
        if state not in PICTURE_FAULTS:
            if self._state is not None:
                self._state, self.times = None, 0
                self._backoff.reset()
                self._patience = self._backoff.next_pause()
            return False
        if state is not self._state:
            self._state, self._began = state, at
        if at - self._began < self._patience:
            return False
        self._began = at
        self._patience = self._backoff.next_pause()
        self.times += 1
        return True
