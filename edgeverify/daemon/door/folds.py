"""Denials of one cause that need no look: the first are written one by one, then as a count.

Whoever may claim can make them as fast as a broker carries messages, and each row costs a commit
and a place on the disk. So each cause (who claims, why it is denied) has a rate; what comes beyond
it is written as one row with how many it stands for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from edgeverify.claims import TokenBucket
from edgeverify.daemon.door.situation import Situation
from edgeverify.domain import Claim, Decision, Reason

READER_RATE = (10.0, 1.0)
"""Ten in a row are told one by one, then one per second: nobody presents a card faster for long."""
FACE_RATE = (1.0, 1.0 / 60.0)
"""Somebody who stands before a closed door is written down once a minute."""
MAX_IDS = 100
"""Claim ids kept of one fold, so that they are not accepted again after a restart."""

Cause: TypeAlias = tuple[str, Reason]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Fold:
    """`count` denials in one row; `decision` is the last one's, `claims` the last of all claims."""

    decision: Decision
    claims: tuple[Claim, ...]
    situation: Situation
    count: int

    @property
    def claim(self) -> Claim:
        """The claim that `decision` is about."""
        return self.claims[-1]


class Folds:
    """Used by the door's thread alone; `now` is the camera's clock, seconds."""

    def __init__(self) -> None:
        self._rates: dict[Cause, TokenBucket] = {}
        self._folds: dict[Cause, Fold] = {}

    def takes(self, decision: Decision, claim: Claim, situation: Situation, now: float) -> bool:
        """Return True where this denial is folded, False where it is to be written by itself."""
        cause = (claim.source.name, decision.reason)
        if cause not in self._rates:
            rate = READER_RATE if claim.source.is_card_reader else FACE_RATE
            self._rates[cause] = TokenBucket(*rate)
        before = self._folds.get(cause)
        if before is None and self._rates[cause].take(now):
            return False
        claims = (*(before.claims if before else ()), claim)[-MAX_IDS:]
        count = 1 + (before.count if before else 0)
        self._folds[cause] = Fold(
            decision=decision, claims=claims, situation=situation, count=count
        )
        return True

    def due(self, now: float) -> tuple[Fold, ...]:
        """Return every fold that may be written at `now`, and start each again."""
        causes = [cause for cause in self._folds if self._rates[cause].take(now)]
        return tuple(self._folds.pop(cause) for cause in causes)

    def all(self) -> tuple[Fold, ...]:
        """Return every fold, because the door ends."""
        folds = tuple(self._folds.values())
        self._folds.clear()
        return folds
