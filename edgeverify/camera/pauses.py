"""How long to wait before the camera is tried again.

Seconds, not minutes: the door needs its camera, and frames must be back within five seconds of its
return.
"""

from __future__ import annotations

from random import Random

from edgeverify.backoff import Backoff

FIRST_SECONDS = 0.25
ABSENT_SECONDS = 0.5
"""Nobody answered, or there is no such device: looking again costs next to nothing."""
BROKEN_OFF_SECONDS = 1.0
"""It gave pictures until now."""
LONGEST_SECONDS = 2.0
"""It answers but gives no picture (a wrong password): each try costs a process its start."""
JITTER = (0.8, 1.2)


def camera_backoff(random: Random) -> Backoff:
    """Return pauses that double from a quarter of a second, each 20 % more or less by chance."""
    return Backoff(
        first_seconds=FIRST_SECONDS, longest_seconds=LONGEST_SECONDS, random=random, jitter=JITTER
    )
