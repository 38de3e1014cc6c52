"""What a door hears beside claims: its lock, its operators, and the reader at its exit.

What the lock says of the door goes into the journal, each change once, however often it comes.
Cards that were held up to the reader at the exit are outside from then on.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

from edgeverify.claims.source import Arrival
from edgeverify.daemon.door.situation import Board
from edgeverify.daemon.modes import Modes
from edgeverify.daemon.timekeeping import Timekeeper
from edgeverify.errors import ClaimError, EventError, JournalUnavailableError
from edgeverify.events import LockReport, Topics
from edgeverify.events.messages import EXIT_TYPE, ClaimMessage
from edgeverify.journal import Journal
from edgeverify.journal.notices import went_out
from edgeverify.logs import fields
from edgeverify.state import StateDirectory

MAX_EXITS_WAITING = 100


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
        self._waiting: deque[str] = deque(maxlen=MAX_EXITS_WAITING)

    def heard(self, arrival: Arrival) -> None:
        """Take one message; returns at once. What is no fresh exit is logged and left."""
        try:
            if arrival.is_retained:
                raise ClaimError("it was retained")  # noqa: TRY301 - as any other mistake
            message = ClaimMessage.from_bytes(arrival.payload, kind=EXIT_TYPE)
            if abs(self._wall() - message.issued_at) > self._max_age():
                raise ClaimError("its time is not now")  # noqa: TRY301 - likewise
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


LOG = logging.getLogger(__name__)

MAX_WAITING = 1000
"""States that wait for a journal; beyond it the oldest go, and the log says so."""


class LockJournal:
    """Hears the lock's topic on a network thread; writes when the supervisor has its turn."""

    def __init__(self, journal: Journal, *, door: str, wall: Callable[[], datetime]) -> None:
        self._journal = journal
        self._door = door
        self._wall = wall
        self._waiting: deque[tuple[LockReport, datetime]] = deque()
        self._lock = threading.Lock()
        self.latest: LockReport | None = None
        """What the lock said last; for the status."""

    def heard(self, arrival: Arrival) -> None:
        """Take one message; returns at once. What is no lock's state is logged and left."""
        try:
            report = LockReport.from_bytes(arrival.payload)
            if report.door != self._door:
                raise EventError(f"a lock of door {report.door!r} spoke")  # noqa: TRY301 - as malformed
        except EventError as error:
            LOG.warning("a lock's state was not taken: %s", error.problem)
            return
        with self._lock:
            self.latest = report
            if len(self._waiting) >= MAX_WAITING:
                self._waiting.popleft()
                LOG.warning("a lock's state was lost: the journal has been away for too long")
            self._waiting.append((report, self._wall()))

    def write(self) -> None:
        """Write down what waits; what the journal cannot hold now waits on."""
        while self._waiting:
            report, heard_at = self._waiting[0]
            try:
                is_new = self._journal.note_lock(report, heard_at=heard_at)
            except JournalUnavailableError:
                return  # the journal's own fault is named already
            with self._lock:
                self._waiting.popleft()
            if is_new:
                LOG.info(
                    "lock",
                    extra=fields(
                        state=report.state.value,
                        cause=report.cause.value,
                        faults=" ".join(report.faults),
                    ),
                )


def hear_beside_claims(
    door: str, state: StateDirectory, journal: Journal, board: Board, time: Timekeeper
) -> tuple[LockJournal, Modes, Exits]:
    """Make the three that take such messages."""
    modes = Modes(
        state.mode,
        door=door,
        keys=lambda: board.current.operator_keys,
        longest_open=lambda: timedelta(hours=board.current.settings.commands.max_open_hours),
        time=time,
        acts=journal,
    )
    exits = Exits(
        journal,
        wall=time.wall,
        max_age=lambda: timedelta(seconds=board.current.settings.claims.max_age_seconds),
        own_card=lambda number: board.current.people.own_card(number),  # noqa: PLW0108 - of then
    )
    return LockJournal(journal, door=door, wall=time.wall), modes, exits


def topics_heard(door: str, modes: Modes, exits: Exits) -> dict[str, Callable[[Arrival], None]]:
    """Return who hears which topic, beside the lock's."""
    topics = Topics(door)
    return {topics.command: modes.heard, topics.exit: exits.heard}
