"""History to the `audit` topic: from the outbox, in order, marked sent on PUBACK."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Protocol

from edgeverify.domain import Degradation, FaultName
from edgeverify.errors import JournalUnavailableError
from edgeverify.mqtt.link import MqttLink
from edgeverify.mqtt.live import ENDED, TOO_LARGE, LivePublication

log = logging.getLogger(__name__)

BATCH = 200
IDLE_SECONDS = 1.0
PUBACK_SECONDS = 10.0
REFUSED_PAUSE_SECONDS = 10.0
DEATHS = 4
"""Connections that ended, one after the other, at the same message: it is what ends them."""
HOPELESS = (TOO_LARGE, "Payload format invalid", "Packet too large")
"""Answers that the same message would be given every time."""


class Waiting(Protocol):
    """One row of the outbox."""

    @property
    def sequence(self) -> int:
        """Rises with each decision."""
        ...

    @property
    def message(self) -> bytes:
        """The history event, ready to send."""
        ...


class Outbox(Protocol):
    """What the journal offers; `edgeverify.journal.Journal` is one."""

    def outbox(self, after: int = 0, limit: int = 200) -> Sequence[Waiting]:
        """Return rows above a sequence, in order."""
        ...

    def mark_sent(self, sequences: Iterable[int]) -> None:
        """Take rows out, durably."""
        ...


class OutboxDelivery:
    """A thread that empties the outbox whenever the broker is there.

    Memory is bounded by one batch and one window, however many rows wait.
    """

    def __init__(self, outbox: Outbox, link: MqttLink) -> None:
        self._outbox = outbox
        self._link = link
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name="outbox", daemon=True)
        self.problem = ""
        """Why the broker took no more at the last attempt; empty when all is well."""
        self.dropped: Degradation | None = None
        """The last message that the broker could not take; it stays in the journal alone."""
        self._stopped_at = 0
        self._deaths = 0

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Report that a row was added."""
        self._wake.set()

    def stop(self) -> None:
        """End after the messages in flight; what is not acknowledged stays in the outbox."""
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(PUBACK_SECONDS + 5.0)

    def _run(self) -> None:
        while not self._stop.is_set():
            self._wake.clear()
            try:
                pause = self._drain()
            except JournalUnavailableError:
                # Not the broker's doing: it is a fault of the journal, and told as that.
                self.problem, pause = "", IDLE_SECONDS
            except Exception:  # the thread must outlive whatever it meets
                log.exception("the outbox stumbled")
                pause = REFUSED_PAUSE_SECONDS
            if pause and not self._stop.is_set():
                self._wake.wait(pause)

    def _drain(self) -> float:
        """Send what waits; return how many seconds to pause before looking again."""
        if not self._link.wait_connected(IDLE_SECONDS):
            return 0.1  # `wait_connected` has paused already
        after = 0
        while not self._stop.is_set():
            rows = self._outbox.outbox(after=after, limit=BATCH)
            if not rows:
                self.problem = ""
                return IDLE_SECONDS
            problem = self._send(rows)
            if problem:
                self.problem = problem
                return REFUSED_PAUSE_SECONDS if self._link.is_confirmed else 0.1
            after = rows[-1].sequence
        return 0.0

    def _send(self, rows: Sequence[Waiting]) -> str:
        """Send one batch in order; return why it stopped, empty when all were acknowledged."""
        flying: deque[tuple[int, LivePublication]] = deque()
        arrived: list[int] = []
        problem = ""
        for row in rows:
            window = 1 if self._deaths else self._link.publish.audit_window
            while not problem and len(flying) >= window:
                problem = self._land(flying, arrived)
            if problem or self._stop.is_set():
                break
            publication = self._link.publish.audit(row.message)
            if publication is None:
                problem = "the broker is away"
                break
            flying.append((row.sequence, publication))
        while flying:
            problem = self._land(flying, arrived) or problem
        if problem:
            left = [row for row in rows if row.sequence not in set(arrived)]
            if left and self._is_hopeless(left[0], problem):
                arrived.append(left[0].sequence)
                problem = ""
        elif arrived:
            self._deaths = 0
        if arrived:
            self._outbox.mark_sent(arrived)
        return problem

    def _is_hopeless(self, row: Waiting, problem: str) -> bool:
        """Return whether the broker cannot take this message, which is then named.

        It says so itself, or its connections end at it: at this one alone in flight, after each
        had answered the door's status.
        """
        if not problem.startswith(HOPELESS):
            if problem != ENDED or not self._link.has_told:
                return False
            self._deaths = self._deaths + 1 if row.sequence == self._stopped_at else 1
            self._stopped_at = row.sequence
            if self._deaths < DEATHS:
                return False
        self._deaths = 0
        words = (
            f"history {row.sequence} of {len(row.message)} bytes stays in the journal: {problem}"
        )
        log.error("%s: %s", FaultName.BROKER_REFUSES_MESSAGES, words)
        self.dropped = Degradation(name=FaultName.BROKER_REFUSES_MESSAGES, detail=words)
        return True

    @staticmethod
    def _land(flying: deque[tuple[int, LivePublication]], arrived: list[int]) -> str:
        sequence, publication = flying.popleft()
        if publication.wait(PUBACK_SECONDS):
            arrived.append(sequence)
            return ""
        return publication.problem or "the broker does not acknowledge"
