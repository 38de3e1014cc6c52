"""A day in the life of a cheap clock: no battery, a leap, a step back, a person who helps."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeverify.clock import ClockJudge, ClockReading, ClockVerdict, SystemClock
from edgeverify.settings import ClockSettings
from tests.doors import NOON

STRICT = ClockSettings()
LENIENT = ClockSettings(allow_unsynced=True)
HOUR = timedelta(hours=1)


def _at(wall: datetime, uptime: float, *, synchronised: bool = True) -> ClockReading:
    return ClockReading(wall=wall, uptime=uptime, is_synchronised=synchronised)


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


def test_a_leap_of_ten_years_does_not_lift_the_floor_until_it_has_settled() -> None:
    leapt = NOON + timedelta(days=3650)
    readings = [_at(NOON, 0), _at(leapt, 1)]
    assert _last(ClockJudge(floor=NOON), *readings).floor is None
    readings += [_at(leapt + timedelta(seconds=s), 1 + s) for s in (60, 300, 599)]
    assert _last(ClockJudge(floor=NOON), *readings).floor is None
    readings.append(_at(leapt + timedelta(seconds=600), 601))
    assert _last(ClockJudge(floor=NOON), *readings).floor == leapt + timedelta(seconds=600)


def test_a_leap_that_goes_back_leaves_no_trace() -> None:
    readings = [_at(NOON, 0), _at(NOON + timedelta(days=3650), 1), _at(NOON + 2 * HOUR, 7200)]
    verdict = _last(ClockJudge(floor=NOON), *readings)
    assert verdict == ClockVerdict(is_trusted=True, floor=NOON + 2 * HOUR)


def test_losing_synchronisation_starts_the_ten_minutes_again() -> None:
    leapt = NOON + timedelta(days=30)
    readings = [_at(NOON, 0), _at(leapt, 1), _at(leapt, 500, synchronised=False), _at(leapt, 602)]
    assert _last(ClockJudge(floor=NOON), *readings).floor is None


def test_a_door_switched_off_for_a_week_settles_first() -> None:
    """At a start nobody can tell a week in a drawer from a leap."""
    week = NOON + timedelta(days=7)
    assert _last(ClockJudge(floor=NOON), _at(week, 30)).floor is None
    assert _last(ClockJudge(floor=NOON), _at(week, 30)).is_trusted
    assert _last(ClockJudge(floor=NOON), _at(week, 30), _at(week + HOUR, 3630)).floor is not None


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
    for offset, passed, synchronised in steps:
        uptime += passed
        before = judge.floor
        wall = NOON + timedelta(seconds=offset)
        judge, verdict = judge.judge(_at(wall, uptime, synchronised=synchronised), STRICT)
        assert judge.floor is not None
        assert before is not None
        assert judge.floor >= before
        if wall < before or not synchronised:
            assert not verdict.is_trusted


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
