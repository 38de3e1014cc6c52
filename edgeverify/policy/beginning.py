"""What is checked of a claim before anybody looks at a camera."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from edgeverify.domain import Claim, Decision, Outcome, Reason
from edgeverify.lockout import LockoutState
from edgeverify.policy.transaction import Transaction
from edgeverify.settings.decision import DecisionSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whom the claim names, as the config and the reference store know them.

    `cards` are the references that may prove the claim: the claim's own card, or for walk-up
    everybody valid now; empty when nobody is known. `refusal` is why they may not come in here
    and now (`not_valid_now`, `wrong_door`, `reference_unusable`, `locked_down`,
    `already_inside`), or None.
    """

    cards: frozenset[str]
    refusal: Reason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One moment on both clocks: monotonic seconds, and aware wall time."""

    monotonic: float
    wall: datetime


def begin(
    claim: Claim,
    subject: Subject,
    settings: DecisionSettings,
    *,
    lockout: LockoutState,
    now: Moment,
    max_age_seconds: float,
    liveness_seconds: float = 0.0,
) -> Transaction | Decision:
    """Open a transaction for a claim, or deny it at once.

    The claim counts as expired when its own time is further than `max_age_seconds` from the
    moment it was received, in either direction, or when it has waited so long since.
    `liveness_seconds` is the time that the proof of life may take after the face was verified (0
    where none is needed).
    """
    reason = _refusal(claim, subject, lockout, now, max_age_seconds)
    if reason is not None:
        return Decision(claim_id=claim.id, card=claim.card, outcome=Outcome.DENY, reason=reason)
    return Transaction(
        claim=claim,
        cards=subject.cards,
        rules=settings,
        liveness_seconds=liveness_seconds,
        last_frame_at=claim.received_at,
    )


def _refusal(
    claim: Claim,
    subject: Subject,
    lockout: LockoutState,
    now: Moment,
    max_age_seconds: float,
) -> Reason | None:
    if _is_expired(claim, now, max_age_seconds):
        return Reason.CLAIM_EXPIRED
    if not subject.cards and subject.refusal is None:
        return Reason.UNKNOWN_REFERENCE
    if not claim.source.names_nobody and not subject.cards <= {claim.card}:
        return Reason.UNKNOWN_REFERENCE
    if subject.refusal is not None:
        return subject.refusal
    if lockout.is_locked(now.wall):
        return Reason.LOCKED_OUT
    return None


def _is_expired(claim: Claim, now: Moment, max_age_seconds: float) -> bool:
    waited = now.monotonic - claim.received_at
    if not 0.0 <= waited <= max_age_seconds:
        return True
    received = now.wall - timedelta(seconds=waited)
    return abs((received - claim.issued_at).total_seconds()) > max_age_seconds
