"""How long to wait before the next attempt: twice as long each time, up to a bound.

A pause may be spread by chance, so that a building's doors do not all come back at once after a
fault that they shared. Drawing it between nothing and the bound ("full jitter") spreads them most:
M. Brooker, "Exponential Backoff And Jitter", AWS, 2015.
"""

from __future__ import annotations

from random import Random

FULL_JITTER = (0.0, 1.0)
NO_JITTER = (1.0, 1.0)

MAX_DOUBLINGS = 32
"""Beyond any bound that is set; it keeps the power small."""


class Backoff:
    """Counts attempts; seconds. `jitter` is the range of the factor drawn for each pause."""

    def __init__(
        self,
        *,
        first_seconds: float,
        longest_seconds: float,
        random: Random | None = None,
        jitter: tuple[float, float] = NO_JITTER,
    ) -> None:
        """`random` is needed where `jitter` is a range."""
        self._random = random or Random(0)  # noqa: S311 - spreads load, keeps no secret
        self._first = first_seconds
        self._longest = longest_seconds
        self._jitter = jitter
        self._attempts = 0

    def next_pause(self, longest_seconds: float | None = None) -> float:
        """Return the pause after one more attempt; `longest_seconds` bounds this one further."""
        bound = min(self._longest, self._first * 2.0 ** min(self._attempts, MAX_DOUBLINGS))
        self._attempts += 1
        if longest_seconds is not None:
            bound = min(bound, longest_seconds)
        return bound * self._random.uniform(*self._jitter)

    def reset(self) -> None:
        """Begin again with the shortest pause, because an attempt went well."""
        self._attempts = 0
