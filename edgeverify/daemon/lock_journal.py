"""What the lock says of the door, into the journal: each change once, however often it comes."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from datetime import datetime

from edgeverify.claims.source import Arrival
from edgeverify.errors import EventError, JournalUnavailableError
from edgeverify.events import LockReport
from edgeverify.journal import Journal
from edgeverify.logs import fields

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
