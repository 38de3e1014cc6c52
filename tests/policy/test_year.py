"""A year at a door of synthetic people, through the real policy and the real lock-out."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from edgeverify.claims import MQTT
from edgeverify.domain import Claim, Decision, Liveness, Outcome, Reason
from edgeverify.lockout import CLEAN, LockoutState, after
from edgeverify.policy import Moment, Subject, begin
from edgeverify.settings.decision import DecisionSettings, LockoutSettings
from tests.policy.people import MORNING, NO_FACE, TOO_DARK, compared, frame

RULES = DecisionSettings()
FALSE_MATCH, FALSE_NON_MATCH = 0.002, 0.05
"""Per frame; worse than the door's, so that a year shows something."""


@dataclass
class Year:
    rng: random.Random
    lockouts: dict[str, LockoutState] = field(default_factory=dict)
    told: Counter[tuple[str, Reason]] = field(default_factory=Counter)
    now: datetime = MORNING

    def visit(self, who: str, card: str) -> Decision:
        """`who` is `owner`, `thief` (another face, live) or `photo` (the owner's, not live)."""
        self.now += timedelta(seconds=self.rng.expovariate(1 / 300))
        state = self.lockouts.get(card, CLEAN)
        transaction = begin(
            Claim(id="c", card=card, issued_at=self.now, received_at=0.0, source=MQTT),
            Subject(cards=frozenset({card})),
            RULES,
            lockout=state,
            now=Moment(monotonic=0.0, wall=self.now),
            max_age_seconds=10.0,
        )
        decision = transaction if isinstance(transaction, Decision) else None
        sequence = 0
        while decision is None:
            assert not isinstance(transaction, Decision)
            sequence += 1
            at = sequence / 10
            transaction = transaction.observe(
                frame(sequence, at, self.seen(who, card)), self.liveness(who, sequence)
            )
            decision = transaction.decide(at)
        self.lockouts[card] = after(state, decision, LockoutSettings(), self.now)
        self.told[who, decision.reason] += 1
        return decision

    def seen(self, who: str, card: str):  # noqa: ANN201 - a refusal or a comparison
        luck = self.rng.random()
        if luck < 0.15:
            return NO_FACE if luck < 0.08 else TOO_DARK
        rate = FALSE_MATCH if who == "thief" else 1 - FALSE_NON_MATCH
        return compared(0.8 if self.rng.random() < rate else 0.2, card)

    def liveness(self, who: str, sequence: int) -> Liveness:
        if who != "photo":
            return Liveness.PASSED
        return Liveness.PENDING if sequence < 6 else Liveness.PRESENTATION_ATTACK


def test_a_year_at_the_door() -> None:
    year = Year(random.Random(20261122))
    cards = [f"{n:04d}" for n in range(40)]
    for _ in range(12_000):
        card = year.rng.choice(cards)
        who = year.rng.choices(["owner", "thief", "photo"], [0.97, 0.02, 0.01])[0]
        year.visit(who, card)

    owners = sum(count for (who, _), count in year.told.items() if who == "owner")
    assert year.told["photo", Reason.MATCH] == 0, year.told
    assert year.told["thief", Reason.MATCH] == 0, year.told
    assert year.told["owner", Reason.MATCH] / owners > 0.999, year.told
    assert year.told["thief", Reason.NON_MATCH] > 100


def test_a_thief_who_keeps_trying_is_locked_out_and_so_is_the_owner_for_that_time() -> None:
    """The denial of service that docs/decision.md names."""
    year = Year(random.Random(7))
    year.now = MORNING
    reasons = []
    for _ in range(6):
        reasons.append(year.visit("thief", "0001").reason)
        year.now = MORNING

    assert reasons == [Reason.NON_MATCH] * 5 + [Reason.LOCKED_OUT]
    assert year.visit("owner", "0002").outcome is Outcome.GRANT
