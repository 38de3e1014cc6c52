"""When the wall clock may be believed: the kernel's word, a floor, and no leap without a witness.

The kernel's word is worth what its time server is worth. So a leap forward is believed only when
something else confirms it: within one boot nothing can, since the monotonic clock went on all the
time; across a boot the machine's battery clock can; and a person always can.

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
"""A confirmed leap forward lifts the floor after so long in one piece of synchronised running."""
DAY = timedelta(days=1)
"""In so long steps as long as one leap are taken for corrections, together."""
SLACK_SECONDS = 2.0
"""How far the running door's own floor stays behind the clock: a time server that corrects by
less denies nobody. What the journal keeps is exact."""
TIME_ERROR = 5
"""adjtimex(2): the clock is not synchronised."""
EARLIEST = datetime(2026, 1, 1, tzinfo=timezone.utc)
"""When this release was made, or before: no right clock says less. Renewed with each release."""
BATTERY_CLOCK = Path("/sys/class/rtc/rtc0/since_epoch")
"""The clock that runs on while the machine is off, in seconds since 1970."""
BATTERY_CLOCK_SECONDS = 10.0
"""Read this often at most: behind a slow bus a look takes milliseconds."""
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
TIMESYNC_FLAG = Path("/run/systemd/timesync/synchronized")
"""systemd-timesyncd touches it once the clock was set in this boot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockReading:
    """One look at the clocks. `uptime` is seconds since boot, suspension included.

    `battery` is what the battery clock says, None where there is none.
    """

    wall: datetime
    uptime: float
    is_synchronised: bool
    battery: datetime | None = None


class SystemClock:
    """The machine's clocks. `set_in_boot` is the boot that an earlier run saw synchronised.

    The kernel gives its word up after hours without a time server; the contract asks only whether
    the clock was set since boot, so that is remembered (`boot_to_remember`, kept by the journal).
    """

    def __init__(self, *, set_in_boot: str | None = None) -> None:
        self.boot = _boot_id()
        self._was_set = False
        self._battery: tuple[float, datetime | None] | None = None
        self.learn(set_in_boot)

    def learn(self, set_in_boot: str | None) -> None:
        """Take in which boot was seen synchronised, where that could not be read at the start."""
        self._was_set |= set_in_boot is not None and set_in_boot == self.boot

    def vouch(self) -> None:
        """Take a person's word that the clock was set in this boot."""
        self._was_set = True

    @property
    def boot_to_remember(self) -> str | None:
        """The id of this boot once its clock was seen synchronised."""
        return self.boot if self._was_set else None

    def read(self) -> ClockReading:
        """Look."""
        if not self._was_set:
            self._was_set = kernel_says_synchronised() or TIMESYNC_FLAG.exists()
        uptime = time.clock_gettime(time.CLOCK_BOOTTIME)
        return ClockReading(
            wall=datetime.now(timezone.utc),
            uptime=uptime,
            is_synchronised=self._was_set,
            battery=self._battery_clock(uptime),
        )

    def _battery_clock(self, uptime: float) -> datetime | None:
        if self._battery is None or uptime - self._battery[0] >= BATTERY_CLOCK_SECONDS:
            self._battery = uptime, _read_battery_clock()
        at, said = self._battery
        return None if said is None else said + timedelta(seconds=uptime - at)


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
    """Pure. Remembers where the wall clock was last believed, and whether it has leapt since.

    `floor` is the newest trusted wall time ever written down, lifted by what was believed since.
    `believed` is the last reading of this boot that was trusted. `is_doubted` stays once a leap was
    seen that nothing confirmed: the kernel copies its time into the battery clock sooner or later,
    which then is no witness any more. `crept` is by how much the clock went forward in small steps.
    """

    floor: datetime | None
    believed: ClockReading | None = None
    crept: timedelta = timedelta(0)
    settling_since: float | None = None
    is_doubted: bool = False

    def judge(
        self, reading: ClockReading, settings: ClockSettings
    ) -> tuple[ClockJudge, ClockVerdict]:
        """Judge a reading; return the judge for the next one, and the verdict."""
        lowest = max(EARLIEST, self.floor or EARLIEST)
        problem = ""
        if reading.wall < lowest:
            problem = f"the clock says {_short(reading.wall)}, before {_short(lowest)}"
        elif not reading.is_synchronised:
            problem = "the clock was not set since the machine started"
        if problem and not (settings.allow_unsynced and reading.wall >= lowest):
            after = replace(self, settling_since=None)
            return after, ClockVerdict(is_trusted=settings.allow_unsynced, problem=problem)
        after = self._believe(reading, settings)
        if after.is_doubted:
            leap = f"the clock leapt from {_short(self._expected(reading))} to"
            problem = f"{leap} {_short(reading.wall)}, and nothing else confirms it"
            return after, ClockVerdict(is_trusted=settings.allow_unsynced, problem=problem)
        floor = None
        if after.believed == reading:
            floor = reading.wall
            seen = floor - timedelta(seconds=SLACK_SECONDS)
            after = replace(after, floor=max(seen, after.floor or seen))
        return after, ClockVerdict(is_trusted=True, problem=problem, floor=floor)

    def accepted(self, reading: ClockReading) -> ClockJudge:
        """Take a person's word that the clock is right (`edgeverify clock accept`)."""
        return ClockJudge(floor=reading.wall, believed=reading)

    def _believe(self, reading: ClockReading, settings: ClockSettings) -> ClockJudge:
        """Move on with the clock unless it leapt forward; a confirmed leap has to settle first."""
        step = timedelta(seconds=settings.max_step_seconds)
        crept = self._crept(reading, step)
        if crept <= step or (self.floor is None and self.believed is None):
            moved = timedelta(0) if self.believed is None else crept
            return replace(
                self, believed=reading, crept=moved, settling_since=None, is_doubted=False
            )
        is_confirmed = (
            self.believed is None
            and not self.is_doubted
            and reading.battery is not None
            and abs(reading.wall - reading.battery) <= step
        )
        if not is_confirmed:
            return replace(self, settling_since=None, is_doubted=True)
        since = reading.uptime if self.settling_since is None else self.settling_since
        if reading.uptime - since >= SETTLED_SECONDS:
            return replace(self, believed=reading, crept=timedelta(0), settling_since=None)
        return replace(self, settling_since=since)

    def _crept(self, reading: ClockReading, step: timedelta) -> timedelta:
        """Return how far the clock is ahead: many small steps are a leap, unless of one in a day.

        A step back that corrects one forward takes it from the sum.
        """
        ahead = reading.wall - self._expected(reading)
        if self.believed is None:
            return ahead
        passed = timedelta(seconds=reading.uptime - self.believed.uptime)
        forgotten = step * (passed / DAY)
        return max(timedelta(0), max(timedelta(0), self.crept - forgotten) + ahead)

    def _expected(self, reading: ClockReading) -> datetime:
        """Return the latest time that needs no witness."""
        if self.believed is None:
            return self.floor or EARLIEST
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


def _read_battery_clock() -> datetime | None:
    try:
        seconds = int(BATTERY_CLOCK.read_text(encoding="ascii"))
        return datetime.fromtimestamp(seconds, timezone.utc)
    except (OSError, ValueError, OverflowError):
        return None


def _boot_id() -> str:
    try:
        return BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _short(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC")
