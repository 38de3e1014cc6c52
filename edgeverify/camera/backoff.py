"""How long to wait before the camera is tried again."""

from __future__ import annotations

from random import Random

FIRST_SECONDS = 0.25
ABSENT_SECONDS = 0.5
"""Nobody answered, or there is no such device: looking again costs next to nothing."""
BROKEN_OFF_SECONDS = 1.0
"""It gave pictures until now."""
LONGEST_SECONDS = 2.0
"""It answers but gives no picture (a wrong password): each try costs a process its start."""
JITTER = 0.2


class Backoff:
    """Doubles from a quarter of a second, each 20 % more or less by chance.

    Up to seconds, not minutes: the door needs its camera, and frames must be back within five
    seconds of its return. The chance keeps the doors of a building from asking all at once.
    """

    def __init__(self, random: Random) -> None:
        self._random = random
        self._next = FIRST_SECONDS

    def pause(self, longest_seconds: float = LONGEST_SECONDS) -> float:
        """Seconds to wait now, `longest_seconds` at most (and its 20 %)."""
        seconds = min(self._next, longest_seconds)
        self._next = min(LONGEST_SECONDS, 2 * self._next)
        return seconds * self._random.uniform(1 - JITTER, 1 + JITTER)

    def reset(self) -> None:
        """Begin again at the shortest pause, because the camera worked."""
        self._next = FIRST_SECONDS
