"""What the lock program waits on: what happens at the door comes before what the broker says.

Nobody who writes to the broker may keep the exit button waiting, or fill this machine's memory.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections import deque

from edgeverify.client import RawMessage
from edgeverify.lock.inputs import InputRead
from edgeverify.lock.link import BrokerChanged
from edgeverify.lock.relay.keeper import RelayAnswer

LOG = logging.getLogger(__name__)

MAX_MESSAGES = 100
"""Messages that wait here; a door decides a few times a minute."""
WAIT_SECONDS = 0.25
"""So long whoever brings one more waits for room."""

Occurrence = RawMessage | RelayAnswer | InputRead | BrokerChanged


class Happenings:
    """Two rows: the door's own, without an end, and the broker's messages."""

    def __init__(self) -> None:
        self._own: deque[Occurrence] = deque()
        self._messages: deque[RawMessage] = deque()
        self._changed = threading.Condition()

    def put(self, happened: Occurrence) -> None:
        """Add it behind its like; a message that finds no room is left out, and logged."""
        with self._changed:
            if not isinstance(happened, RawMessage):
                self._own.append(happened)
            elif self._changed.wait_for(self._has_room, WAIT_SECONDS):
                self._messages.append(happened)
            else:
                LOG.warning("a message was left out: too many came at once")
                return
            self._changed.notify_all()

    def get(self, timeout_seconds: float) -> Occurrence:
        """Take the next. Raises queue.Empty where nothing happened for so long."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._own or self._messages, timeout_seconds):
                raise queue.Empty
            taken = self._own.popleft() if self._own else self._messages.popleft()
            self._changed.notify_all()
            return taken

    def _has_room(self) -> bool:
        return len(self._messages) < MAX_MESSAGES
