"""A rate with a burst: the token bucket of RFC 2697, section 2, with one rate."""

from __future__ import annotations


class TokenBucket:
    """Full at first; `now` is seconds on any clock that only rises."""

    def __init__(self, capacity: float, per_second: float) -> None:
        self._capacity = capacity
        self._per_second = per_second
        self._tokens = capacity
        self._at: float | None = None

    def take(self, now: float) -> bool:
        """Take one token; return False where none is left."""
        if not self.has_one(now):
            return False
        self._tokens -= 1.0
        return True

    def has_one(self, now: float) -> bool:
        """Return whether a token is left at `now`."""
        passed = 0.0 if self._at is None else max(0.0, now - self._at)
        self._at = now
        self._tokens = min(self._capacity, self._tokens + passed * self._per_second)
        return self._tokens >= 1.0
