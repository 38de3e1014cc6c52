"""How long to wait before the camera is tried again."""

from __future__ import annotations

from random import Random

FIRST_SECONDS = 0.25
LONGEST_SECONDS = 2.0
JITTER = 0.2


class Backoff:
    """Doubles from a quarter of a second to two, each 20 % more or less by chance.

    Two seconds and not a minute: the door needs its camera, and frames must be back within five
    seconds of its return. The chance keeps the doors of a building from asking all at once.
    """

    def __init__(self, random: Random) -> None:
        self._random = random
        self._next = FIRST_SECONDS

    def pause(self) -> float:
        """Seconds to wait now."""
        seconds = self._next
        self._next = min(LONGEST_SECONDS, 2 * self._next)
        return seconds * self._random.uniform(1 - JITTER, 1 + JITTER)

    def reset(self) -> None:
        """Begin again at the shortest pause, because the camera worked."""
        self._next = FIRST_SECONDS
