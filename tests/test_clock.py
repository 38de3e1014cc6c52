"""A day in the life of a cheap clock: no battery, a leap, a step back, a person who helps."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeverify.clock import EARLIEST, ClockJudge, ClockReading, ClockVerdict, SystemClock
from edgeverify.settings import ClockSettings
from tests.doors import NOON

STRICT = ClockSettings()
LENIENT = ClockSettings(allow_unsynced=True)
HOUR = timedelta(hours=1)


TEN_YEARS = timedelta(days=3650)


def _at(
    wall: datetime, uptime: float, *, synchronised: bool = True, battery: datetime | None = None
) -> ClockReading:
    return ClockReading(wall=wall, uptime=uptime, is_synchronised=synchronised, battery=battery)


def _last(judge: ClockJudge, *readings: ClockReading) -> ClockVerdict:
    verdict = ClockVerdict(is_trusted=False)
    for reading in readings:
        judge, verdict = judge.judge(reading, STRICT)
    return verdict


def test_a_set_clock_is_trusted_and_lifts_the_floor() -> None:
    verdict = _last(ClockJudge(floor=NOON), _at(NOON + timedelta(minutes=5), 100))
    assert verdict == ClockVerdict(is_trusted=True, floor=NOON + timedelta(minutes=5))


def test_a_clock_not_set_since_boot_is_not_trusted() -> None:
    verdict = _last(ClockJudge(floor=None), _at(NOON, 10, synchronised=False))
    assert not verdict.is_trusted
    assert "not set" in verdict.problem
    assert verdict.floor is None


def test_a_door_that_says_so_goes_on_and_still_shows_it() -> None:
    reading = _at(NOON, 10, synchronised=False)
    _, verdict = ClockJudge(floor=None).judge(reading, LENIENT)
    assert verdict.is_trusted
    assert verdict.problem, "it stays named in the status"


def test_before_the_floor_nothing_is_trusted_however_synchronised() -> None:
    verdict = _last(ClockJudge(floor=NOON), _at(NOON - timedelta(seconds=1), 10))
    assert not verdict.is_trusted
    assert "before 2026-11-22 12:00:00 UTC" in verdict.problem
    assert verdict.floor is None


def test_a_time_servers_small_correction_denies_nobody() -> None:
    readings = [_at(NOON, 0), _at(NOON + HOUR, 3600), _at(NOON + HOUR - timedelta(seconds=1), 3600)]
    assert _last(ClockJudge(floor=NOON), *readings).is_trusted
    readings.append(_at(NOON + HOUR - timedelta(seconds=3), 3601))
    assert not _last(ClockJudge(floor=NOON), *readings).is_trusted


def test_an_idle_night_is_not_a_leap() -> None:
    verdict = _last(ClockJudge(floor=NOON), _at(NOON, 0), _at(NOON + 12 * HOUR, 12 * 3600.0))
    assert verdict.floor == NOON + 12 * HOUR


def test_a_leap_of_ten_years_grants_nothing_however_long_the_time_server_insists() -> None:
    """A false time server says 'synchronised' for as long as it likes."""
    leapt = NOON + TEN_YEARS
    readings = [_at(NOON, 0), *(_at(leapt + timedelta(seconds=s), 1 + s) for s in (0, 60, 7200))]
    for upto in range(2, len(readings) + 1):
        verdict = _last(ClockJudge(floor=NOON), *readings[:upto])
        assert not verdict.is_trusted
        assert verdict.floor is None
        assert "nothing else confirms it" in verdict.problem


def test_the_battery_clock_is_no_witness_for_a_leap_while_the_machine_ran() -> None:
    """The kernel copies its time into it every eleven minutes."""
    leapt = NOON + TEN_YEARS
    readings = [_at(NOON, 0), _at(leapt, 1, battery=NOON), _at(leapt + HOUR, 3601, battery=leapt)]
    assert not _last(ClockJudge(floor=NOON), *readings).is_trusted
    assert not _last(ClockJudge(floor=NOON), _at(NOON, 0), _at(leapt, 1, battery=leapt)).is_trusted


def _crept(times: int, step: timedelta, every: float) -> ClockVerdict:
    """Step forward again and again, each step less than would be a leap; `every` in seconds."""
    judge, verdict = ClockJudge(floor=NOON), ClockVerdict(is_trusted=False)
    judge, verdict = judge.judge(_at(NOON, 0), STRICT)
    for number in range(1, times + 1):
        uptime = number * every
        wall = NOON + number * step + timedelta(seconds=uptime)
        judge, verdict = judge.judge(_at(wall, uptime), STRICT)
    return verdict


def test_ten_years_in_small_steps_are_a_leap_too() -> None:
    """Whoever moves the time by less than a leap at each look would be there within hours."""
    minutes = timedelta(minutes=59)
    assert _crept(1, minutes, 0.25).is_trusted
    for times, every in ((2, 0.25), (90_000, 0.25), (24, 3600.0)):
        verdict = _crept(times, minutes, every)
        assert not verdict.is_trusted, (times, every)
        assert "nothing else confirms it" in verdict.problem


def test_small_corrections_for_years_are_no_leap() -> None:
    """Such as of a virtual machine that is paused for a minute each night, for its backup."""
    assert _crept(10 * 365, timedelta(minutes=1), 86400.0).is_trusted
    there_and_back = (timedelta(seconds=1) * (number % 2) for number in range(20_000))
    judge, verdict = ClockJudge(floor=NOON), ClockVerdict(is_trusted=False)
    for number, off in enumerate(there_and_back):
        wall = NOON + timedelta(seconds=number) + off
        judge, verdict = judge.judge(_at(wall, float(number)), STRICT)
        assert verdict.is_trusted


def test_a_leap_that_goes_back_leaves_no_trace() -> None:
    readings = [_at(NOON, 0), _at(NOON + TEN_YEARS, 1), _at(NOON + 2 * HOUR, 7200)]
    verdict = _last(ClockJudge(floor=NOON), *readings)
    assert verdict == ClockVerdict(is_trusted=True, floor=NOON + 2 * HOUR)


def test_a_person_may_confirm_a_leap() -> None:
    judge, leapt = ClockJudge(floor=NOON), _at(NOON + TEN_YEARS, 1)
    for reading in (_at(NOON, 0), leapt):
        judge, _ = judge.judge(reading, STRICT)
    judge, verdict = judge.accepted(leapt).judge(_at(NOON + TEN_YEARS + HOUR, 3601), STRICT)
    assert verdict.is_trusted


def test_a_door_switched_off_for_a_week_opens_where_the_battery_clock_agrees() -> None:
    """The floor waits: ten minutes in one piece, as for every leap that is believed."""
    week = NOON + timedelta(days=7)
    first = _at(week, 30, battery=week - timedelta(seconds=40))
    assert _last(ClockJudge(floor=NOON), first) == ClockVerdict(is_trusted=True)
    later = _at(week + HOUR, 3630, battery=week + HOUR)
    assert _last(ClockJudge(floor=NOON), first, later).floor == week + HOUR


@pytest.mark.parametrize("battery", [None, NOON, NOON + timedelta(days=1)])
def test_a_door_switched_off_for_a_week_waits_for_a_person_otherwise(
    battery: datetime | None,
) -> None:
    week = NOON + timedelta(days=7)
    assert not _last(ClockJudge(floor=NOON), _at(week, 30, battery=battery)).is_trusted


def test_a_machine_without_a_battery_clock_may_be_told_how_long_a_power_cut_is() -> None:
    week = ClockSettings(max_step_seconds=8 * 86400)
    judge = ClockJudge(floor=NOON)
    assert judge.judge(_at(NOON + timedelta(days=7), 30), week)[1].is_trusted
    assert not judge.judge(_at(NOON + TEN_YEARS, 30), week)[1].is_trusted


def test_losing_synchronisation_starts_the_ten_minutes_again() -> None:
    week = NOON + timedelta(days=7)
    readings = [
        _at(week, 1, battery=week),
        _at(week, 500, synchronised=False, battery=week),
        _at(week + timedelta(seconds=602), 602, battery=week + timedelta(seconds=602)),
    ]
    assert _last(ClockJudge(floor=NOON), *readings).floor is None


def test_before_this_release_was_made_no_clock_is_right() -> None:
    """The very first start of a door has no floor yet."""
    verdict = _last(ClockJudge(floor=None), _at(EARLIEST - timedelta(seconds=1), 10))
    assert not verdict.is_trusted
    assert "before" in verdict.problem


def test_no_battery_1970_then_the_time_server_answers() -> None:
    epoch = datetime.fromisoformat("1970-01-01T00:00:20+00:00")
    judge = ClockJudge(floor=NOON)
    judge, at_boot = judge.judge(_at(epoch, 20, synchronised=False), STRICT)
    assert not at_boot.is_trusted
    judge, later = judge.judge(_at(NOON + HOUR, 60), STRICT)
    assert later.is_trusted


def test_a_person_may_lower_the_floor() -> None:
    judge = ClockJudge(floor=NOON + timedelta(days=3650))
    reading = _at(NOON, 100)
    assert not judge.judge(reading, STRICT)[1].is_trusted
    judge = judge.accepted(reading)
    assert judge.judge(_at(NOON + HOUR, 3700), STRICT)[1].is_trusted


@given(
    st.lists(
        st.tuples(st.floats(-1e9, 1e9, allow_nan=False), st.floats(0, 1e5), st.booleans()),
        max_size=20,
    )
)
def test_the_floor_never_sinks_and_nothing_below_it_is_trusted(
    steps: list[tuple[float, float, bool]],
) -> None:
    judge, uptime = ClockJudge(floor=NOON), 0.0
    trusted, passed_since = NOON, 0.0
    for offset, passed, synchronised in steps:
        uptime += passed
        passed_since += passed
        before = judge.floor
        wall = NOON + timedelta(seconds=offset)
        judge, verdict = judge.judge(_at(wall, uptime, synchronised=synchronised), STRICT)
        assert judge.floor is not None
        assert before is not None
        assert judge.floor >= before
        if wall < before or not synchronised:
            assert not verdict.is_trusted
        if verdict.is_trusted:
            assert wall <= trusted + timedelta(seconds=passed_since + STRICT.max_step_seconds)
            trusted, passed_since = wall, 0.0


def test_the_machines_own_clocks_can_be_read() -> None:
    clock = SystemClock()
    first, second = clock.read(), clock.read()
    assert second.uptime >= first.uptime > 0
    assert first.wall.tzinfo is not None


def test_a_boot_that_was_seen_set_stays_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgeverify.clock.kernel_says_synchronised", lambda: True)
    clock = SystemClock()
    assert clock.read().is_synchronised
    boot = clock.boot_to_remember
    assert boot
    monkeypatch.setattr("edgeverify.clock.kernel_says_synchronised", lambda: False)
    assert SystemClock(set_in_boot=boot).read().is_synchronised
    another = SystemClock(set_in_boot="another boot")
    monkeypatch.setattr("edgeverify.clock.TIMESYNC_FLAG", Path("/nonexistent"))
    assert not another.read().is_synchronised
