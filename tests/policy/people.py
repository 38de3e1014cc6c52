"""Somebody at a door, told frame by frame: small words for the stories of this folder."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from edgeverify.claims import MQTT, WALK_UP
from edgeverify.domain import (
    Claim,
    Comparison,
    Decision,
    Gate,
    Liveness,
    Observation,
    Reason,
    Refusal,
)
from edgeverify.lockout import CLEAN, LockoutState
from edgeverify.policy import Moment, Subject, Transaction, begin
from edgeverify.settings.decision import DecisionSettings

MORNING = datetime(2026, 11, 22, 8, 0, tzinfo=timezone.utc)
THRESHOLD = 0.5
NO_FACE = Refusal(reason=Reason.NO_FACE, gate=Gate.NO_FACE, hint="step in front")
TWO_FACES = Refusal(reason=Reason.MULTIPLE_FACES, gate=Gate.MULTIPLE_FACES, hint="one at a time")
TOO_DARK = Refusal(reason=Reason.POOR_QUALITY, gate=Gate.TOO_DARK, hint="too dark")


def claim_of(card: str = "0042", *, received_at: float = 100.0, age: float = 0.0) -> Claim:
    return Claim(
        id="claim-1",
        card=card,
        issued_at=MORNING - timedelta(seconds=age),
        received_at=received_at,
        source=MQTT if card else WALK_UP,
    )


def compared(score: float, card: str = "0042", *, ambiguous: bool = False) -> Comparison:
    return Comparison(card=card, score=score, threshold=THRESHOLD, is_ambiguous=ambiguous)


MATCH = compared(0.8)
MISMATCH = compared(0.2)


def frame(sequence: int, at: float, seen: Refusal | Comparison) -> Observation:
    return Observation(
        frame_sequence=sequence,
        at=at,
        refusal=seen if isinstance(seen, Refusal) else None,
        comparison=seen if isinstance(seen, Comparison) else None,
    )


@dataclass
class Visit:
    """One transaction at a door that looks ten times a second."""

    settings: DecisionSettings = field(default_factory=DecisionSettings)
    card: str = "0042"
    cards: frozenset[str] = frozenset({"0042"})
    liveness_seconds: float = 0.0
    lockout: LockoutState = CLEAN
    now: float = 100.0
    sequence: int = 0
    transaction: Transaction | None = None
    decision: Decision | None = None

    def __post_init__(self) -> None:
        begun = begin(
            claim_of(self.card),
            Subject(cards=self.cards),
            self.settings,
            lockout=self.lockout,
            now=Moment(monotonic=100.0, wall=MORNING),
            max_age_seconds=10.0,
            liveness_seconds=self.liveness_seconds,
        )
        if isinstance(begun, Decision):
            self.decision = begun
        else:
            self.transaction = begun

    def sees(self, *seen: Refusal | Comparison, liveness: Liveness = Liveness.PASSED) -> Visit:
        for one in seen:
            if self.decision is not None:
                return self
            assert self.transaction is not None
            self.now += 0.1
            self.sequence += 1
            observation = frame(self.sequence, self.now, one)
            self.transaction = self.transaction.observe(observation, liveness)
            self.decision = self.transaction.decide(self.now)
        return self

    def waits(self, seconds: float) -> Visit:
        self.now += seconds
        if self.decision is None and self.transaction is not None:
            self.decision = self.transaction.decide(self.now)
        return self

    @property
    def reason(self) -> Reason | None:
        return self.decision.reason if self.decision else None
