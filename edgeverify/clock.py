"""When the wall clock may be believed: the kernel's word, a floor, and no leaps forward.

Time-outs and the freshness of frames never come from here; they are on the monotonic clock.
"""

from __future__ import annotations

import ctypes
import time
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

from edgeverify.settings import ClockSettings

SETTLED_SECONDS = 600.0
"""A leap forward is believed after so long in one piece of synchronised running."""
SLACK_SECONDS = 2.0
"""How far the running door's own floor stays behind the clock: a time server that corrects by
less denies nobody. What the journal keeps is exact."""
TIME_ERROR = 5
"""adjtimex(2): the clock is not synchronised."""
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
TIMESYNC_FLAG = Path("/run/systemd/timesync/synchronized")
"""systemd-timesyncd touches it once the clock was set in this boot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockReading:
    """One look at the clocks. `uptime` is seconds since boot, suspension included."""

    wall: datetime
    uptime: float
    is_synchronised: bool


class SystemClock:
    """The machine's clocks. `set_in_boot` is the boot that an earlier run saw synchronised.

    The kernel gives its word up after hours without a time server; the contract asks only whether
    the clock was set since boot, so that is remembered (`boot_to_remember`, kept by the journal).
    """

    def __init__(self, *, set_in_boot: str | None = None) -> None:
        self._boot = _boot_id()
        self._was_set = False
        self.learn(set_in_boot)

    def learn(self, set_in_boot: str | None) -> None:
        """Take in which boot was seen synchronised, where that could not be read at the start."""
        self._was_set |= set_in_boot is not None and set_in_boot == self._boot

    @property
    def boot_to_remember(self) -> str | None:
        """The id of this boot once its clock was seen synchronised."""
        return self._boot if self._was_set else None

    def read(self) -> ClockReading:
        """Look."""
        if not self._was_set:
            self._was_set = kernel_says_synchronised() or TIMESYNC_FLAG.exists()
        return ClockReading(
            wall=datetime.now(timezone.utc),
            uptime=time.clock_gettime(time.CLOCK_BOOTTIME),
            is_synchronised=self._was_set,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockVerdict:
    """Whether dates, hours and grants may lean on the clock; `problem` is for the status.

    `floor` is what the journal may keep as its new floor with the next decision, or None.
    """

    is_trusted: bool
    problem: str = ""
    floor: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockJudge:
    """Pure. Remembers where the wall clock was last believed, and since when it leapt.

    `floor` is the newest trusted wall time ever written down, lifted by what was believed since.
    """

    floor: datetime | None
    believed: ClockReading | None = None
    settling_since: float | None = None

    def judge(
        self, reading: ClockReading, settings: ClockSettings
    ) -> tuple[ClockJudge, ClockVerdict]:
        """Judge a reading; return the judge for the next one, and the verdict."""
        after = self._believe(reading, settings)
        leapt = after.believed is None or after.believed.uptime != reading.uptime
        below = self.floor is not None and reading.wall < self.floor
        problem = ""
        if below and self.floor is not None:
            problem = f"the clock says {_short(reading.wall)}, before {_short(self.floor)}"
        elif not reading.is_synchronised:
            problem = "the clock was not set since the machine started"
        is_trusted = not problem or settings.allow_unsynced
        floor = None
        if not leapt and not below and reading.is_synchronised | settings.allow_unsynced:
            floor = reading.wall
            seen = floor - timedelta(seconds=SLACK_SECONDS)
            after = replace(after, floor=max(seen, after.floor or seen))
        return after, ClockVerdict(is_trusted=is_trusted, problem=problem, floor=floor)

    def accepted(self, reading: ClockReading) -> ClockJudge:
        """Take a person's word that the clock is right (`edgeverify clock accept`)."""
        return ClockJudge(floor=reading.wall, believed=reading)

    def _believe(self, reading: ClockReading, settings: ClockSettings) -> ClockJudge:
        """Move on with the clock unless it leapt forward; a leap has to settle first."""
        expected = self._expected(reading)
        step = timedelta(seconds=settings.max_step_seconds)
        if expected is None or reading.wall <= expected + step:
            return replace(self, believed=reading, settling_since=None)
        if not reading.is_synchronised:
            return replace(self, settling_since=None)
        since = reading.uptime if self.settling_since is None else self.settling_since
        if reading.uptime - since >= SETTLED_SECONDS:
            return replace(self, believed=reading, settling_since=None)
        return replace(self, settling_since=since)

    def _expected(self, reading: ClockReading) -> datetime | None:
        if self.believed is None:
            return self.floor
        return self.believed.wall + timedelta(seconds=reading.uptime - self.believed.uptime)


def kernel_says_synchronised() -> bool:
    """Ask adjtimex(2), which reads without changing when `modes` is 0. False where it fails."""
    libc = ctypes.CDLL(None, use_errno=True)
    # struct timex begins with `unsigned int modes`; all zero means: only read. It is 208 bytes on
    # 64-bit Linux; the rest is slack.
    buffer = ctypes.create_string_buffer(512)
    try:
        state = int(libc.adjtimex(buffer))
    except AttributeError:
        return False
    return 0 <= state < TIME_ERROR


def _boot_id() -> str:
    try:
        return BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _short(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC")
