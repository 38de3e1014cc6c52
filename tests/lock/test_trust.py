"""Time that is not set refuses, whatever the decision says."""

from __future__ import annotations

from datetime import timedelta

import pytest

from edgeverify.clock import EARLIEST, ClockReading
from edgeverify.lock.trust import LockClock
from tests.doors import NOON


def _clock(*, is_set: bool, wall_days: float = 0, may_be_unsynced: bool = False) -> LockClock:
    wall = NOON if not wall_days else EARLIEST + timedelta(days=wall_days)
    reading = ClockReading(wall=wall, uptime=60.0, is_synchronised=is_set)
    return LockClock(lambda: reading, may_be_unsynced=may_be_unsynced)


def test_a_clock_that_was_set_is_believed() -> None:
    assert _clock(is_set=True).problem() == ""


def test_a_clock_that_was_not_set_since_the_start_refuses_and_says_what_to_do() -> None:
    assert "time server" in _clock(is_set=False).problem()


def test_the_config_may_believe_it_all_the_same() -> None:
    assert _clock(is_set=False, may_be_unsynced=True).problem() == ""


@pytest.mark.parametrize("may_be_unsynced", [False, True])
@pytest.mark.parametrize("is_set", [False, True])
def test_a_time_before_this_release_was_made_is_never_believed(
    *, is_set: bool, may_be_unsynced: bool
) -> None:
    clock = _clock(is_set=is_set, wall_days=-1, may_be_unsynced=may_be_unsynced)
    assert "not set: it says 2025-12-31" in clock.problem()
