"""What is checked of a claim before anybody looks at a camera."""

from __future__ import annotations

from datetime import timedelta

import pytest

from edgeverify.domain import Claim, Decision, Outcome, Reason
from edgeverify.lockout import CLEAN, LockoutState
from edgeverify.policy import Moment, Subject, Transaction, begin
from edgeverify.settings.decision import DecisionSettings
from tests.policy.people import MORNING, claim_of

ANNA = Subject(cards=frozenset({"0042"}))


def begun(
    claim: Claim | None = None,
    subject: Subject = ANNA,
    *,
    lockout: LockoutState = CLEAN,
    monotonic: float = 100.0,
) -> Transaction | Decision:
    return begin(
        claim or claim_of(),
        subject,
        DecisionSettings(),
        lockout=lockout,
        now=Moment(monotonic=monotonic, wall=MORNING + timedelta(seconds=monotonic - 100.0)),
        max_age_seconds=10.0,
    )


def reason(outcome: Transaction | Decision) -> Reason:
    assert isinstance(outcome, Decision)
    assert outcome.outcome is Outcome.DENY
    return outcome.reason


def test_a_known_card_begins_a_transaction_and_decides_nothing() -> None:
    transaction = begun()

    assert isinstance(transaction, Transaction)
    assert transaction.decide(100.0) is None


def test_a_card_that_nobody_knows() -> None:
    assert reason(begun(subject=Subject(cards=frozenset()))) is Reason.UNKNOWN_REFERENCE


def test_a_card_may_only_be_proven_by_its_own_reference() -> None:
    other = Subject(cards=frozenset({"0042", "0043"}))

    assert reason(begun(subject=other)) is Reason.UNKNOWN_REFERENCE


@pytest.mark.parametrize(
    "why", [Reason.NOT_VALID_NOW, Reason.WRONG_DOOR, Reason.REFERENCE_UNUSABLE]
)
def test_what_the_schedule_or_the_store_says_is_the_reason(why: Reason) -> None:
    assert reason(begun(subject=Subject(cards=ANNA.cards, refusal=why))) is why
    assert reason(begun(subject=Subject(cards=frozenset(), refusal=why))) is why


@pytest.mark.parametrize("age", [10.1, 3600.0, -10.1])
def test_a_claim_from_too_long_ago_or_from_the_future_is_expired(age: float) -> None:
    assert reason(begun(claim_of(age=age))) is Reason.CLAIM_EXPIRED


@pytest.mark.parametrize("age", [9.9, 0.0, -9.9])
def test_a_fresh_claim_is_not(age: float) -> None:
    assert isinstance(begun(claim_of(age=age)), Transaction)


def test_a_claim_that_waited_in_a_queue_for_too_long_is_expired() -> None:
    assert reason(begun(monotonic=111.0)) is Reason.CLAIM_EXPIRED


def test_a_claim_received_after_now_is_not_believed() -> None:
    assert reason(begun(claim_of(received_at=101.0))) is Reason.CLAIM_EXPIRED


def test_a_locked_card_is_refused_until_its_time_is_over() -> None:
    locked = LockoutState(failures=5, locked_until=MORNING + timedelta(seconds=30))
    over = LockoutState(failures=5, locked_until=MORNING)

    assert reason(begun(lockout=locked)) is Reason.LOCKED_OUT
    assert isinstance(begun(lockout=over), Transaction)
