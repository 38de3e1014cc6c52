"""Cards that were held up to the reader at the exit: they are outside from then on."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

from edgeverify.claims.source import Arrival
from edgeverify.errors import ClaimError, JournalUnavailableError
from edgeverify.events.messages import EXIT_TYPE, ClaimMessage
from edgeverify.journal import Journal
from edgeverify.journal.notices import went_out
from edgeverify.logs import fields

LOG = logging.getLogger(__name__)

MAX_WAITING = 100


class Exits:
    """`heard` is called on a network thread, `write` by the supervisor."""

    def __init__(
        self,
        journal: Journal,
        *,
        wall: Callable[[], datetime],
        max_age: Callable[[], timedelta],
        own_card: Callable[[str], str],
    ) -> None:
        """`own_card` returns the card of whoever has a number (their second one, perhaps)."""
        self._journal = journal
        self._wall = wall
        self._max_age = max_age
        self._own_card = own_card
        self._waiting: deque[str] = deque(maxlen=MAX_WAITING)

    def heard(self, arrival: Arrival) -> None:
        """Take one message; returns at once. What is no fresh exit is logged and left."""
        try:
            if arrival.is_retained:
                raise ClaimError("it was retained")  # noqa: TRY301 - as any other mistake
            message = ClaimMessage.from_bytes(arrival.payload, kind=EXIT_TYPE)
            if abs(self._wall() - message.issued_at) > self._max_age():
                raise ClaimError("it is not of now")  # noqa: TRY301 - likewise
        except ClaimError as error:
            LOG.warning("an exit was not taken: %s", error.problem)
            return
        self._waiting.append(message.card)

    def went_out(self, card: str) -> None:
        """Take a card that a reader at this machine has read at the exit just now."""
        self._waiting.append(card)

    def write(self) -> None:
        """Write down what waits; what the journal cannot hold now waits on."""
        while self._waiting:
            try:
                with self._journal.change(self._wall()) as connection:
                    known = went_out(connection, card=self._own_card(self._waiting[0]))
            except JournalUnavailableError:
                return
            self._waiting.popleft()
            LOG.info("exit", extra=fields(known=known))
