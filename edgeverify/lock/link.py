"""The lock's way to the broker: tried for ever, and never a reason to open."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from edgeverify.backoff import FULL_JITTER, Backoff
from edgeverify.client import Feed, RawMessage
from edgeverify.errors import BrokerError
from edgeverify.events import Topics, last_will
from edgeverify.mqtt import Credentials
from edgeverify.settings import MqttSettings

LOG = logging.getLogger(__name__)

TURN_SECONDS = 0.25
LAST_WORD_SECONDS = 2.0
MAX_UNSAID = 1000
"""States that wait for a broker; beyond it the oldest go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerChanged:
    """The broker is there, or gone."""

    is_there: bool


class LockLink:
    """One thread: connect, hand on what arrives, connect again."""

    def __init__(
        self,
        settings: MqttSettings,
        door: str,
        credentials: Credentials,
        *,
        arrived: Callable[[RawMessage], None],
        changed: Callable[[BrokerChanged], None],
    ) -> None:
        """`arrived` and `changed` (the broker is there, or gone) are called on network threads."""
        self.topics = Topics(door)
        self._arrived = arrived
        self._changed = changed
        self._feed = Feed(
            settings.host,
            settings.port,
            topics=(self.topics.event, self.topics.status),
            username=credentials.username,
            password=credentials.password,
            tls=credentials.tls,
            last_will=(self.topics.lock, last_will(door)),
            on_up=self._up,
            on_down=self._down,
        )
        self._is_up = False
        self._lock = threading.Lock()
        self._unsaid: deque[bytes] = deque(maxlen=MAX_UNSAID)
        self._said: list[bytes] = []
        self._pauses = Backoff(
            first_seconds=1.0,
            longest_seconds=settings.max_reconnect_seconds,
            jitter=FULL_JITTER,
        )
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lock-link", daemon=True)

    def start(self) -> None:
        """Begin to connect; returns at once."""
        self._thread.start()

    def stop(self, last_word: bytes) -> None:
        """Say a last word, disconnect, end the thread."""
        if self._is_up:
            with suppress(BrokerError):
                self._feed.publish(
                    self.topics.lock, last_word, retain=True, timeout_seconds=LAST_WORD_SECONDS
                )
        self._stop.set()
        self._thread.join(15.0)

    def say(self, report: bytes) -> None:
        """Make this the retained state of the lock; while the broker is away it waits its turn."""
        with self._lock:
            self._unsaid.append(report)
        if self._is_up:
            self._say_all()

    def _up(self) -> None:
        self._is_up = True
        self._say_all()
        self._changed(BrokerChanged(is_there=True))

    def _down(self) -> None:
        self._is_up = False
        self._changed(BrokerChanged(is_there=False))

    def _say_all(self) -> None:
        with self._lock:
            # After an outage the last will stands there, so what was said last is said again.
            waiting = [*self._unsaid] or self._said
            self._said = waiting[-1:]
            self._unsaid.clear()
            for report in waiting:
                self._feed.post(self.topics.lock, report)

    def _run(self) -> None:
        while not self._stop.is_set():
            self._connect()

    def _connect(self) -> None:
        try:
            with self._feed as feed:
                self._pauses.reset()
                self._hand_on(feed)
        except BrokerError as error:
            LOG.warning("%s", error.problem)
            self._stop.wait(self._pauses.next_pause())

    def _hand_on(self, feed: Feed) -> None:
        while not self._stop.is_set():
            message = feed.next(TURN_SECONDS)
            if message is not None:
                self._arrived(message)
