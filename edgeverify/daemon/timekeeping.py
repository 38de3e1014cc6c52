"""The wall clock as the daemon uses it: read, judged, and its word remembered."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from edgeverify.clock import ClockJudge, ClockReading, ClockVerdict
from edgeverify.settings import ClockSettings

BOOT_FACT = "boot_with_set_clock"
BELIEVED_FACT = "believed_clock"
LEAST_FACT = "passed_for_certain"
DOUBT_FACT = "clock_is_doubted"
"""What the journal keeps of the clock, by name."""


class Clock(Protocol):
    """Whatever can be read for the time."""

    boot: str

    def read(self) -> ClockReading:
        """Look at the clocks."""

    def vouch(self) -> None:
        """Take a person's word that the clock was set in this boot."""


class Timekeeper:
    """Judges the clock at every look; thread-safe."""

    def __init__(
        self,
        clock: Clock,
        *,
        floor: datetime | None,
        settings: Callable[[], ClockSettings],
        believed: str | None = None,
        least: datetime | None = None,
        is_doubted: bool = False,
    ) -> None:
        """`floor` is the newest trusted wall time that the journal holds.

        `believed` is what `to_remember` gave to an earlier run, None where nothing was kept,
        `least` what `at_least` said there, and `is_doubted` whether a leap stood unconfirmed.
        """
        self._clock = clock
        self._settings = settings
        self._lock = threading.Lock()
        self._judge = ClockJudge(
            floor=floor, believed=_remembered(believed, clock.boot), is_doubted=is_doubted
        )
        self._verdict = ClockVerdict(is_trusted=False, problem="not read yet")
        self._least = None if least is None else (least, clock.read().uptime)
        self.look()

    def look(self) -> ClockVerdict:
        """Read and judge the clock now."""
        with self._lock:
            reading = self._clock.read()
            self._judge, self._verdict = self._judge.judge(reading, self._settings())
            self._keep_least(reading.uptime)
            return self._verdict

    def wall(self) -> datetime:
        """Return aware UTC, whatever it is worth."""
        return self._clock.read().wall

    def floor(self) -> datetime | None:
        """Return what the journal may keep as its new floor, None where nothing is vouched for."""
        return self.look().floor

    def is_trusted(self) -> bool:
        """Return whether dates, hours and grants may lean on the clock."""
        return self.look().is_trusted

    def learn_floor(self, floor: datetime | None) -> None:
        """Take in the journal's floor where it could not be read at the start."""
        with self._lock:
            if floor is not None and (self._judge.floor is None or floor > self._judge.floor):
                self._judge = replace(self._judge, floor=floor)

    @property
    def is_doubted(self) -> bool:
        """Whether a leap stands that nothing confirmed: for a later run, also in another boot."""
        with self._lock:
            return self._judge.is_doubted

    def learn(self, *, floor: datetime | None, believed: str | None, is_doubted: bool) -> None:
        """Begin again with what the journal holds, where it could not be read at the start.

        What was believed until then was believed without knowing what had passed.
        """
        with self._lock:
            self._judge = ClockJudge(
                floor=floor, believed=_remembered(believed, self._clock.boot), is_doubted=is_doubted
            )
            self._least = None

    def accept(self) -> datetime:
        """Take a person's word that the clock is right; return the wall time accepted."""
        with self._lock:
            self._clock.vouch()
            reading = self._clock.read()
            self._judge = self._judge.accepted(reading)
            self._least = None
            self._keep_least(reading.uptime)
            return reading.wall

    def at_least(self) -> datetime | None:
        """Return a wall time that has passed for certain; None where none was ever vouched for.

        The newest trusted one, and as much more as the monotonic clock has run since: it goes on
        where no time server is and the wall clock is not believed.
        """
        with self._lock:
            uptime = self._clock.read().uptime
            self._keep_least(uptime)
            if self._least is None:
                return None
            known, since = self._least
            return known + timedelta(seconds=max(0.0, uptime - since))

    def _keep_least(self, uptime: float) -> None:
        floor = self._judge.floor
        if floor is None:
            return
        if self._least is None:
            self._least = floor, uptime
        known, since = self._least
        if floor > known + timedelta(seconds=max(0.0, uptime - since)):
            self._least = floor, uptime

    def to_remember(self) -> str | None:
        """Return what a later run in this boot needs to see a leap; None where nothing is believed.

        Boot, uptime and wall time of one trusted reading: the monotonic clock does the rest.
        """
        with self._lock:
            believed = self._judge.believed
        if believed is None:
            return None
        return remember(self._clock.boot, believed)


def remember(boot: str, believed: ClockReading) -> str:
    """Write down a trusted reading for a later run in the same boot."""
    return f"{boot} {believed.uptime!r} {believed.wall.isoformat()}"


def remembered_boot(believed: str | None) -> str:
    """Return the boot of what was remembered, empty where nothing was."""
    return (believed or "").partition(" ")[0]


def _remembered(believed: str | None, boot: str) -> ClockReading | None:
    """Read it again; None for another boot, whose monotonic clock says nothing of this one."""
    parts = (believed or "").split(" ")
    if len(parts) != 3 or parts[0] != boot:
        return None
    try:
        uptime, wall = float(parts[1]), datetime.fromisoformat(parts[2])
    except ValueError:
        return None
    if wall.tzinfo is None or not math.isfinite(uptime):
        return None
    return ClockReading(wall=wall, uptime=uptime, is_synchronised=True)
