"""The wall clock as the daemon uses it: read, judged, and its word remembered."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from edgeverify.clock import ClockJudge, ClockReading, ClockVerdict
from edgeverify.settings import ClockSettings


class Clock(Protocol):
    """Whatever can be read for the time."""

    def read(self) -> ClockReading:
        """Look at the clocks."""


class Timekeeper:
    """Judges the clock at every look; thread-safe."""

    def __init__(
        self, clock: Clock, *, floor: datetime | None, settings: Callable[[], ClockSettings]
    ) -> None:
        """`floor` is the newest trusted wall time that the journal holds."""
        self._clock = clock
        self._settings = settings
        self._lock = threading.Lock()
        self._judge = ClockJudge(floor=floor)
        self._verdict = ClockVerdict(is_trusted=False, problem="not read yet")
        self.look()

    def look(self) -> ClockVerdict:
        """Read and judge the clock now."""
        with self._lock:
            self._judge, self._verdict = self._judge.judge(self._clock.read(), self._settings())
            return self._verdict

    def wall(self) -> datetime:
        """Return aware UTC, whatever it is worth."""
        return self._clock.read().wall

    def floor(self) -> datetime | None:
        """Return what the journal may keep as its new floor, None where nothing is vouched for."""
        return self.look().floor

    def is_trusted(self) -> bool:
        """Tell whether dates, hours and grants may lean on the clock."""
        return self.look().is_trusted

    def learn_floor(self, floor: datetime | None) -> None:
        """Take in the journal's floor where it could not be read at the start."""
        with self._lock:
            if floor is not None and (self._judge.floor is None or floor > self._judge.floor):
                self._judge = replace(self._judge, floor=floor)

    def accept(self) -> datetime:
        """Take a person's word that the clock is right; return the wall time accepted."""
        with self._lock:
            reading = self._clock.read()
            self._judge = self._judge.accepted(reading)
            return reading.wall
