"""Time from stage to stage."""

from __future__ import annotations

from collections.abc import Callable


class Stopwatch:
    """Laps in milliseconds, read from a given clock (seconds)."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._last = clock()
        self._laps: list[tuple[str, float]] = []

    def lap(self, stage: str) -> None:
        """Note how long `stage` took, which began where the last lap ended."""
        now = self._clock()
        self._laps.append((stage, (now - self._last) * 1000))
        self._last = now

    @property
    def laps(self) -> tuple[tuple[str, float], ...]:
        """Stages and their milliseconds so far."""
        return tuple(self._laps)
