"""A reader that may vanish: one thread that opens it, reads it, names its absence, tries again."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol

from edgeverify.backoff import Backoff
from edgeverify.claims.card_number import TornReadError
from edgeverify.claims.source import Surroundings
from edgeverify.domain import ClaimSource

LOG = logging.getLogger(__name__)

TURN_SECONDS = 0.25
SAME_CARD_SECONDS = 2.0
"""A card that lies on its reader is read again and again; it is claimed once."""
LONGEST_PAUSE_SECONDS = 5.0


class ReaderGoneError(Exception):
    """The reader cannot be opened, or has vanished: a sentence for people."""


class Reader(Protocol):
    """An open reader; used by one thread."""

    def read(self, timeout_seconds: float) -> str | None:
        """Return the next card number, or None after about so long.

        Raises TornReadError for what is not a whole card, and ReaderGoneError.
        """

    def close(self) -> None:
        """Let go of the device. Never raises."""


class ReaderThread:
    """Runs one reader until `stop`."""

    def __init__(
        self,
        source: ClaimSource,
        open_reader: Callable[[], Reader],
        surroundings: Surroundings,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`open_reader` raises ReaderGoneError where the reader is not there."""
        self._source = source
        self._open = open_reader
        self._intake = surroundings.intake
        self._health = surroundings.reader_health
        self._now = monotonic
        self._last: tuple[str, float] = ("", float("-inf"))
        self._pauses = Backoff(first_seconds=0.5, longest_seconds=LONGEST_PAUSE_SECONDS)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"claims-{source.name}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Read no more, and let go of the reader."""
        self._stop.set()
        self._thread.join(20 * TURN_SECONDS)
        self._health(self._source, "")

    def _run(self) -> None:
        while not self._stop.is_set():
            problem = self._hold()
            if not self._stop.is_set():
                self._health(self._source, problem)
                self._stop.wait(self._pauses.next_pause())

    def _hold(self) -> str:
        """Read until the reader is gone or `stop`; return why it is gone."""
        try:
            reader = self._open()
        except ReaderGoneError as error:
            return str(error)
        except Exception:  # a reader that dies would leave the door deaf for ever
            LOG.exception("the reader %s stumbled", self._source.name)
            return "It failed; the log has the traceback."
        self._health(self._source, "")
        try:
            while not self._stop.is_set():
                self._read_one(reader)
        except ReaderGoneError as error:
            return str(error)
        except Exception:
            LOG.exception("the reader %s stumbled", self._source.name)
            return "It failed; the log has the traceback."
        finally:
            reader.close()
        return ""

    def _read_one(self, reader: Reader) -> None:
        try:
            card = reader.read(TURN_SECONDS)
        except TornReadError as error:
            self._intake.refuse(f"what {self._source.name} has read is torn: {error}")
            return
        self._pauses.reset()
        if card is None:
            return
        now = self._now()
        before, at = self._last
        self._last = (card, now)
        if card != before or now - at > SAME_CARD_SECONDS:
            self._intake.present(card, self._source)
