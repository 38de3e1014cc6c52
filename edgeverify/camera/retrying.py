"""When a camera is tried again: one that is away, and one that shows nothing useful. Pure.

Seconds, not minutes, for one that is away: the door needs its camera, and frames must be back
within five seconds of its return.
"""

from __future__ import annotations

from random import Random

from edgeverify.backoff import Backoff
from edgeverify.camera.camera import CameraState

FIRST_PAUSE_SECONDS = 0.25
ABSENT_SECONDS = 0.5
"""Nobody answered, or there is no such device: looking again costs next to nothing."""
BROKEN_OFF_SECONDS = 1.0
"""It gave pictures until now."""
LONGEST_PAUSE_SECONDS = 2.0
"""It answers but gives no picture (a wrong password): each try costs a process its start."""
JITTER = (0.8, 1.2)


def camera_backoff(random: Random) -> Backoff:
    """Return pauses that double from a quarter of a second, each 20 % more or less by chance."""
    return Backoff(
        first_seconds=FIRST_PAUSE_SECONDS,
        longest_seconds=LONGEST_PAUSE_SECONDS,
        random=random,
        jitter=JITTER,
    )


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
