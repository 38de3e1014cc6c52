"""The door's link to the broker: kept up for years, trusted only while it answers."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from random import Random

from edgeverify.backoff import FULL_JITTER, Backoff
from edgeverify.domain import Degradation, FaultName
from edgeverify.events import CONTENT_TYPE, Topics, encode_status
from edgeverify.mqtt.connection import Arrival, Connection
from edgeverify.mqtt.connector import Connector, Party
from edgeverify.mqtt.credentials import Credentials
from edgeverify.mqtt.live import LivePublication
from edgeverify.settings import MqttSettings

log = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS = 1.0
HELD_SECONDS = 10.0
"""A connection that lasted so long resets the back-off; a flapping broker does not."""
ANSWER_SECONDS = 2.0
"""A question open for longer takes the connection's word away."""


class LiveResult(str, Enum):
    """What became of a live decision."""

    HANDED_OVER = "handed_over"
    DROPPED_OFFLINE = "dropped_offline"
    DROPPED_EXPIRED = "dropped_expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkState:
    """For status and metrics. `protocol` is "5", "3.1.1" or empty.

    `problem` says why there is no connection, or what the broker refuses on the one there is.
    """

    is_connected: bool
    protocol: str
    problem: Degradation | None
    connections: int


class MqttLink:
    """One thread that connects, watches and connects again; publishing from any thread.

    `on_claim` is called on a network thread and must return at once. `monotonic` is in seconds.
    """

    def __init__(
        self,
        settings: MqttSettings,
        door: str,
        credentials: Credentials,
        *,
        on_claim: Callable[[Arrival], None],
        random: Random,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.topics = Topics(door)
        self._settings = settings
        self._now = monotonic
        self._backoff = Backoff(
            first_seconds=FIRST_PAUSE_SECONDS,
            longest_seconds=settings.max_reconnect_seconds,
            random=random,
            jitter=FULL_JITTER,
        )
        self._last_will = encode_status("offline", door, at=None)
        self._connector = Connector(
            Party(
                settings=settings,
                credentials=credentials,
                topics=self.topics,
                last_will=self._last_will,
            ),
            now=monotonic,
            on_claim=on_claim,
        )
        self._status: bytes | None = None
        self._connection: Connection | None = None
        self._problem: Degradation | None = Degradation(
            name=FaultName.BROKER_UNREACHABLE, detail="not connected yet"
        )
        self._stop = threading.Event()
        self._changed = threading.Condition()
        self._connections = 0
        self._thread = threading.Thread(target=self._run, name="mqtt-link", daemon=True)

    # ---- for everybody ------------------------------------------------------------------------

    def start(self) -> None:
        """Begin connecting; returns at once."""
        self._thread.start()

    def stop(self, *, last_status: bytes | None = None) -> None:
        """Publish `last_status` (default: offline), disconnect in order, end the thread."""
        self._status = last_status or self._last_will
        self._stop.set()
        self._connector.interrupt()
        with self._changed:
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join(15.0)

    @property
    def state(self) -> LinkState:
        """What stands now."""
        connection = self._connection
        up = connection is not None and connection.is_up
        return LinkState(
            is_connected=up,
            protocol=("5" if connection.is_v5 else "3.1.1") if connection and up else "",
            problem=connection.complaint if connection and up else self._problem,
            connections=self._connections,
        )

    @property
    def is_confirmed(self) -> bool:
        """True while the broker demonstrably listens: CONNACK, recent packets, no open question."""
        return self._confirmed() is not None

    def wait_connected(self, timeout_seconds: float) -> bool:
        """Return True once connected, False at the time-out or after `stop`."""
        with self._changed:
            return (
                self._changed.wait_for(
                    lambda: self._current() is not None or self._stop.is_set(), timeout_seconds
                )
                and not self._stop.is_set()
            )

    def ask(self) -> None:
        """Ask the broker for a sign of life; a claim's beginning is a good moment."""
        connection = self._current()
        if connection is not None:
            connection.ask()

    def publish_live(
        self, event: bytes, *, expires_at: datetime, now: datetime
    ) -> tuple[LiveResult, LivePublication | None]:
        """Hand a live decision over, or drop it for ever; it is never queued.

        Message expiry is the whole seconds that are left; with less than one it is not sent.
        """
        seconds_left = int((expires_at - now).total_seconds())
        if seconds_left < 1:
            return LiveResult.DROPPED_EXPIRED, None
        connection = self._confirmed()
        if connection is None:
            return LiveResult.DROPPED_OFFLINE, None
        publication = connection.publish(
            self.topics.event, event, expiry_seconds=seconds_left, content_type=CONTENT_TYPE
        )
        connection.ask()
        if publication.is_answered and not publication.is_acknowledged:
            return LiveResult.DROPPED_OFFLINE, None
        return LiveResult.HANDED_OVER, publication

    def publish_prompt(self, prompt: bytes, *, seconds: float) -> None:
        """Show a prompt, if anybody listens now."""
        connection = self._confirmed()
        if connection is not None:
            connection.publish(self.topics.prompt, prompt, expiry_seconds=max(1, int(seconds)))

    def publish_audit(self, message: bytes) -> LivePublication | None:
        """Hand one history message over; None while there is no connection."""
        connection = self._current()
        if connection is None:
            return None
        return connection.publish(self.topics.audit, message, content_type=CONTENT_TYPE)

    @property
    def audit_window(self) -> int:
        """How many history messages may be unacknowledged, leaving room for live ones."""
        connection = self._current()
        return 1 if connection is None else max(1, min(connection.receive_maximum, 100) - 4)

    def set_status(self, status: bytes) -> None:
        """Make this the retained status, now and after every reconnect."""
        self._status = status
        connection = self._current()
        if connection is not None:
            connection.publish(self.topics.status, status, retain=True)

    # ---- the link's own thread ----------------------------------------------------------------

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                found = self._connector.connect()
                if isinstance(found, Degradation):
                    self._say(found)
                    held = 0.0
                else:
                    self._up(found)
                    held = self._watch(found)
            except Exception:  # a link that dies would leave the door mute for ever
                log.exception("the MQTT link stumbled")
                held = 0.0
            if held >= HELD_SECONDS:
                self._backoff.reset()
            if not self._stop.is_set():
                self._stop.wait(self._backoff.next_pause())

    def _up(self, connection: Connection) -> None:
        if self._status is not None:
            connection.publish(self.topics.status, self._status, retain=True)
        with self._changed:
            self._connection, self._problem = connection, None
            self._connections += 1
            self._changed.notify_all()
        log.info(
            "connected to the broker %s:%d (MQTT %s)",
            self._settings.host,
            self._settings.port,
            "5" if connection.is_v5 else "3.1.1",
        )

    def _watch(self, connection: Connection) -> float:
        """Return, once the connection is over, how many seconds it held."""
        since = self._now()
        ask_every = self._settings.keepalive_seconds / 3.0
        problem: Degradation | None = None
        while not connection.wait_over(0.25):
            if self._stop.is_set():
                self._say_goodbye(connection)
                return self._now() - since
            if connection.unanswered_seconds() > 2.0 * ask_every:
                problem = Degradation(
                    name=FaultName.BROKER_SILENT,
                    detail=f"{self._settings.host}:{self._settings.port} stopped answering",
                )
                break
            if connection.silence_seconds() >= ask_every:
                connection.ask()
        self._say(
            problem
            or connection.why_over()
            or Degradation(name=FaultName.BROKER_UNREACHABLE, detail="the connection was lost")
        )
        connection.abort()
        return self._now() - since

    def _say_goodbye(self, connection: Connection) -> None:
        if self._status is not None:
            connection.publish(self.topics.status, self._status, retain=True).wait(2.0)
        self._connection = None
        connection.disconnect()

    def _say(self, problem: Degradation) -> None:
        if problem.name != (self._problem.name if self._problem else ""):
            log.warning("%s: %s", problem.name, problem.detail)
        with self._changed:
            self._connection, self._problem = None, problem
            self._changed.notify_all()

    def _current(self) -> Connection | None:
        connection = self._connection
        return connection if connection is not None and connection.is_up else None

    def _confirmed(self) -> Connection | None:
        connection = self._current()
        if connection is None or connection.unanswered_seconds() > ANSWER_SECONDS:
            return None
        half = self._settings.keepalive_seconds / 2.0
        return connection if connection.silence_seconds() <= half else None
