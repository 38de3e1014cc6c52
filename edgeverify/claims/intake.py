"""Where every source puts what it read: judged by the gate, then handed to the door."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from edgeverify.claims.gate import ClaimGate, Verdict
from edgeverify.domain import Claim, ClaimSource
from edgeverify.events import ClaimMessage
from edgeverify.logs import fields
from edgeverify.settings.people import CARD

log = logging.getLogger(__name__)


class ExitIntake:
    """Where a reader at the exit puts its cards: they have gone out, and claim nothing."""

    def __init__(self, went_out: Callable[[str], None], counted: Callable[[str], None]) -> None:
        """`went_out` takes in a card number, `counted` why something is not acted on."""
        self._went_out = went_out
        self._counted = counted

    def put(self, message: ClaimMessage, source: ClaimSource) -> Verdict:
        """Refuse: what is published on the claim topic is a claim."""
        self.refuse(f"{source.name} cannot say who goes out ({message.id})")
        return Verdict.REFUSED

    def present(self, card: str, source: ClaimSource) -> Verdict:
        """Take a card that a reader at this machine's exit has read just now."""
        if not CARD.fullmatch(card):
            self.refuse(f"what {source.name} has read is not a card number")
            return Verdict.REFUSED
        self._went_out(card)
        return Verdict.ACCEPTED

    def refuse(self, problem: str) -> None:
        """Count and log what is not acted on."""
        self._counted("refused")
        log.warning("an exit was refused: %s", problem)


class ClaimIntake:
    """Thread-safe; every call returns at once."""

    def __init__(
        self,
        gate: ClaimGate,
        hand_over: Callable[[Claim], bool],
        *,
        wall: Callable[[], datetime],
        monotonic: Callable[[], float],
        new_id: Callable[[], str],
        counted: Callable[[str], None],
        taken: Callable[[], None],
    ) -> None:
        """`hand_over` gives a claim to the door, False when an older one had to go for it.

        `wall` is aware UTC, `monotonic` the clock that stamps the frames, in seconds. `counted` is
        told why a claim is not acted on, `taken` that one is: a good moment to ask the broker
        whether it still hears.
        """
        self._gate = gate
        self._hand_over = hand_over
        self._wall = wall
        self._monotonic = monotonic
        self._new_id = new_id
        self._counted = counted
        self._taken = taken

    def put(self, message: ClaimMessage, source: ClaimSource) -> Verdict:
        """Take a claim that somebody else gave an id and a time; its id counts once."""
        answer = self._gate.judge(
            message, source=source, now=self._wall(), monotonic=self._monotonic()
        )
        if answer.claim is None:
            self.refuse(answer.problem)
            return answer.verdict
        log.debug("claim", extra=fields(id=answer.claim.id, verdict=answer.verdict.value))
        if not self._hand_over(answer.claim):
            self._counted("flooded")
            log.warning("claims come faster than they can be decided: the oldest was dropped")
        self._taken()
        return answer.verdict

    def present(self, card: str, source: ClaimSource) -> Verdict:
        """Take a card that a reader at this machine has read just now, under a new id."""
        if not CARD.fullmatch(card):
            self.refuse(f"what {source.name} has read is not a card number")
            return Verdict.REFUSED
        message = ClaimMessage(id=self._new_id(), card=card, issued_at=self._wall())
        return self.put(message, source)

    def refuse(self, problem: str) -> None:
        """Count and log a claim that is not acted on; nobody is denied for it."""
        self._counted("refused")
        log.warning("a claim was refused: %s", problem)
