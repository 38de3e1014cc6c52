"""Notices to the broker: one at a time, in order, until it has acknowledged each."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress

from edgeverify.daemon.interval import Every
from edgeverify.errors import JournalUnavailableError
from edgeverify.journal import Journal
from edgeverify.journal.notices import Unsent, mark_notice_sent, next_unsent
from edgeverify.mqtt import LivePublication

LOG = logging.getLogger(__name__)

EVERY_SECONDS = 0.5


class NoticeDelivery:
    """The supervisor calls `look`; nothing here waits."""

    def __init__(
        self, journal: Journal, publish: Callable[[bytes], LivePublication | None]
    ) -> None:
        """`publish` hands a message over; None while nobody listens."""
        self._journal = journal
        self._publish = publish
        self._looks = Every(EVERY_SECONDS)
        self._under_way: tuple[Unsent, LivePublication] | None = None

    def look(self, now: float) -> None:
        """Send the oldest notice that was not sent; `now` is monotonic seconds.

        Where the journal cannot be read, or the broker is away, a later look does it.
        """
        with suppress(JournalUnavailableError):
            if self._under_way is not None:
                self._settle(*self._under_way)
            elif self._looks.now(now):
                self._send()

    def _settle(self, notice: Unsent, told: LivePublication) -> None:
        if not told.is_answered:
            return
        if told.is_acknowledged:
            with self._journal.change() as connection:
                mark_notice_sent(connection, notice.number)
        else:
            LOG.warning("a notice was not taken: %s", told.problem)
        self._under_way = None

    def _send(self) -> None:
        with self._journal.change() as connection:
            notice = next_unsent(connection)
        if notice is None:
            return
        told = self._publish(notice.message)
        if told is not None:
            self._under_way = notice, told
