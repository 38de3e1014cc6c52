"""How long to wait before the next attempt: exponential with full jitter.

Full jitter (a uniform draw between nothing and the exponential bound) spreads a building's doors
out after the broker restarts: M. Brooker, "Exponential Backoff And Jitter", AWS, 2015.
"""

from __future__ import annotations

from random import Random


class Backoff:
    """Counts failed attempts; seconds."""

    def __init__(self, random: Random, *, first_seconds: float, max_seconds: float) -> None:
        self._random = random
        self._first = first_seconds
        self._max = max_seconds
        self._failures = 0

    def next_pause(self) -> float:
        """Return the pause after one more failure."""
        bound = min(self._max, self._first * 2.0 ** min(self._failures, 16))
        self._failures += 1
        return self._random.uniform(0.0, bound)

    def reset(self) -> None:
        """Begin anew after a connection that held."""
        self._failures = 0
