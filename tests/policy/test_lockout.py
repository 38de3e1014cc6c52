"""Five failures in a row, then half a minute, then longer."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from edgeverify.domain import Decision, Outcome, Reason
from edgeverify.lockout import CLEAN, WALK_UP_KEY, LockoutState, after, key_of
from edgeverify.settings.decision import LockoutSettings
from tests.policy.people import MORNING, claim_of

SETTINGS = LockoutSettings()


def decided(reason: Reason) -> Decision:
    outcome = Outcome.DENY if reason is not Reason.MATCH else Outcome.GRANT
    return Decision(claim_id="c", card="0042", outcome=outcome, reason=reason)


def tried(times: int, state: LockoutState = CLEAN, *, now: datetime = MORNING) -> LockoutState:
    for _ in range(times):
        state = after(state, decided(Reason.NON_MATCH), SETTINGS, now)
    return state


def locked_seconds(state: LockoutState, now: datetime = MORNING) -> float:
    return (state.locked_until - now).total_seconds() if state.locked_until else 0.0


def test_four_failures_lock_nothing_and_the_fifth_locks_for_half_a_minute() -> None:
    assert not tried(4).is_locked(MORNING)
    assert tried(5).is_locked(MORNING)
    assert locked_seconds(tried(5)) == 30


def test_every_further_failure_locks_for_twice_as_long_up_to_fifteen_minutes() -> None:
    assert [locked_seconds(tried(n)) for n in range(5, 13)] == [
        30, 60, 120, 240, 480, 900, 900, 900,
    ]  # fmt: skip


def test_it_opens_again_when_the_time_is_over() -> None:
    assert tried(5).is_locked(MORNING + timedelta(seconds=29))
    assert not tried(5).is_locked(MORNING + timedelta(seconds=30))


def test_a_grant_wipes_the_record() -> None:
    assert after(tried(9), decided(Reason.MATCH), SETTINGS, MORNING) == CLEAN


def test_a_day_without_failures_wipes_it_too() -> None:
    tomorrow = MORNING + timedelta(hours=24)

    assert tried(1, tried(9), now=tomorrow).failures == 1
    assert tried(1, tried(9), now=tomorrow - timedelta(seconds=1)).failures == 10


@pytest.mark.parametrize(
    "charged", [Reason.NON_MATCH, Reason.PRESENTATION_ATTACK, Reason.CHALLENGE_FAILED]
)
def test_what_looks_like_somebody_else_is_charged(charged: Reason) -> None:
    assert after(CLEAN, decided(charged), SETTINGS, MORNING).failures == 1


def test_nothing_else_is_charged() -> None:
    innocent = set(Reason) - {
        Reason.MATCH,
        Reason.NON_MATCH,
        Reason.PRESENTATION_ATTACK,
        Reason.CHALLENGE_FAILED,
    }
    state = tried(4)

    assert all(after(state, decided(reason), SETTINGS, MORNING) == state for reason in innocent)


def test_walk_up_failures_lock_the_door_and_no_card() -> None:
    assert key_of(claim_of("0042")) == "0042"
    assert key_of(claim_of("")) == WALK_UP_KEY


def test_a_thousand_failures_overflow_nothing() -> None:
    assert locked_seconds(tried(1000)) == 900


def test_a_lock_written_while_the_clock_was_years_ahead_does_not_last_years() -> None:
    now = datetime(2026, 3, 2, tzinfo=timezone.utc)
    ahead = now + timedelta(days=3650)
    state = LockoutState(
        failures=5, last_failure_at=ahead, locked_until=ahead + timedelta(seconds=30)
    )
    assert state.is_locked(ahead)
    assert not state.is_locked(now)
