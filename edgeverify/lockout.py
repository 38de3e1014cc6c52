"""Lock-out after repeated failures: pure state and its transitions; the journal keeps it.

The rule is NIST SP 800-63B, section 5.2.3: at most five failures in a row, then a delay of at
least 30 s before each further attempt, growing. One state belongs to one card at one door, or,
for walk-up attempts (which name no card), to the door itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from edgeverify.domain import Claim, Decision, Outcome, Reason
from edgeverify.settings.decision import LockoutSettings

CHARGED = frozenset({Reason.NON_MATCH, Reason.PRESENTATION_ATTACK, Reason.CHALLENGE_FAILED})
"""Denials that look like somebody trying to be somebody else. A dark picture is not one."""

LONGEST = timedelta(days=1)
"""The longest that the settings allow; a lock that ends later was written by a wrong clock."""

WALK_UP_KEY = ""
"""The key under which walk-up failures are kept: the door's own, never a card's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LockoutState:
    """What is remembered of failures in a row; the empty state is a clean record.

    `failures` counts charged denials since the last grant; `last_failure_at` and `locked_until`
    are aware UTC datetimes, so that they mean the same after a restart.
    """

    failures: int = 0
    last_failure_at: datetime | None = None
    locked_until: datetime | None = None

    def is_locked(self, now: datetime) -> bool:
        """Return whether attempts are refused at the wall time `now` (aware)."""
        return self.locked_until is not None and now < self.locked_until <= now + LONGEST


CLEAN = LockoutState()


def key_of(claim: Claim) -> str:
    """Return the card whose record a claim's failures are written to; the door's for walk-up."""
    return WALK_UP_KEY if claim.source.names_nobody else claim.card


def after(
    state: LockoutState, decision: Decision, settings: LockoutSettings, now: datetime
) -> LockoutState:
    """Return the state after a decision made at the wall time `now` (aware).

    A grant wipes the record. A charged denial adds to it, and from the `max_failures`-th on every
    further one locks: `first_seconds`, then twice as long each time, at most `max_seconds`.
    Anything else changes nothing. A record older than `reset_hours` is forgotten first.
    """
    if decision.outcome is Outcome.GRANT:
        return CLEAN
    if decision.reason not in CHARGED:
        return state
    known = CLEAN if _is_forgotten(state, settings, now) else state
    failures = known.failures + 1
    excess = failures - settings.max_failures
    if excess < 0:
        return LockoutState(failures=failures, last_failure_at=now)
    return LockoutState(
        failures=failures,
        last_failure_at=now,
        locked_until=now + timedelta(seconds=delay_seconds(excess, settings)),
    )


def delay_seconds(earlier_lockouts: int, settings: LockoutSettings) -> float:
    """Return the length of the next lock-out, in seconds, after that many in a row."""
    doublings = min(earlier_lockouts, 32)
    return min(settings.first_seconds * 2.0**doublings, max(settings.max_seconds, 30.0))


def _is_forgotten(state: LockoutState, settings: LockoutSettings, now: datetime) -> bool:
    if state.last_failure_at is None:
        return True
    return now - state.last_failure_at >= timedelta(hours=settings.reset_hours)
