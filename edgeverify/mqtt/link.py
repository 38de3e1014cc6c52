"""The door's link to the broker: kept up for years, trusted only while it answers."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from types import MappingProxyType

from edgeverify.backoff import FULL_JITTER, Backoff
from edgeverify.domain import Degradation, FaultName
from edgeverify.events import Topics, encode_status
from edgeverify.mqtt.connection import Connection
from edgeverify.mqtt.connector import Connector
from edgeverify.mqtt.credentials import Credentials
from edgeverify.mqtt.doubles import Doubles, ToldBefore, told_before
from edgeverify.mqtt.live import LivePublication
from edgeverify.mqtt.party import Announcement, Arrival, ClientId, Party
from edgeverify.mqtt.publisher import Publisher
from edgeverify.mqtt.status_forms import StatusForms
from edgeverify.settings import MqttSettings

log = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS = 1.0
ABSENT_PAUSE_SECONDS = 2.0
"""At most, while nobody listens there: when it is back, somebody may stand before the door."""
HELD_SECONDS = 10.0
"""A connection that lasted so long resets the back-off; a flapping broker does not."""
HUB_IS_UP = b"online"
ANSWER_SECONDS = 2.0
"""A question open for longer takes the connection's word away."""


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

    What hears (`on_...`, further topics in `on_others`) is called on a network thread and must
    return at once. `monotonic` is in seconds.
    """

    def __init__(  # noqa: PLR0913 - what a link has, all named
        self,
        settings: MqttSettings,
        door: str,
        credentials: Credentials,
        *,
        on_claim: Callable[[Arrival], None],
        on_lock: Callable[[Arrival], None] = lambda _arrival: None,
        on_others: Mapping[str, Callable[[Arrival], None]] = MappingProxyType({}),
        client_id: ClientId,
        announcement: Announcement | None = None,
        sequence: Callable[[], int] = lambda: 0,
        random: Random,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.topics = Topics(door)
        self._settings = settings
        self._where = f"{settings.host}:{settings.port}"
        self._now = monotonic
        self._backoff = Backoff(
            first_seconds=FIRST_PAUSE_SECONDS,
            longest_seconds=settings.max_reconnect_seconds,
            random=random,
            jitter=FULL_JITTER,
        )
        self.run = f"{random.getrandbits(64):016x}"
        """Tells this daemon's status from another's that says it is the same door."""
        self._client_id = client_id
        self._announcement = announcement
        self._doubles = Doubles(self.run, monotonic)
        self._sequence = sequence
        self.told_before: ToldBefore | None = None
        """What the broker had kept of this door when it was connected last."""
        self._connector = Connector(
            Party(
                settings=settings,
                credentials=credentials,
                topics=self.topics,
                last_will=self._last_will,
                client_id=client_id,
                on_claim=on_claim,
                on_status=self._heard_status,
                on_others={self.topics.lock: on_lock, **on_others},
                announcement=announcement,
                on_hub=self._heard_hub,
            ),
            now=monotonic,
        )
        self.publish = Publisher(self.topics, connected=self._current, confirmed=self._confirmed)
        self._status = StatusForms()
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
        self._status = StatusForms(last_status or self._last_will())
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
            problem=self._standing_problem(connection) if connection and up else self._problem,
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

    @property
    def has_told(self) -> bool:
        """True where the broker has acknowledged the status that was told last."""
        return self._status.has_arrived

    def set_status(self, *forms: bytes) -> None:
        """Make this the retained status, now and after every reconnect.

        `forms` are the same status, the longest first: a form that the broker cannot take is
        named, and a shorter one told instead.
        """
        self._status.replace(*forms)
        connection = self._current()
        if connection is not None:
            self._tell_status(connection)

    # ---- the link's own thread ----------------------------------------------------------------

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                found = self._connector.connect()
                longest = ABSENT_PAUSE_SECONDS if self._connector.is_nobody_there else None
                if isinstance(found, Degradation):
                    self._say(found)
                    held = 0.0
                else:
                    self._up(found)
                    held = self._watch(found)
            except Exception:  # a link that dies would leave the door mute for ever
                log.exception("the MQTT link stumbled")
                held, longest = 0.0, None
            if held >= HELD_SECONDS:
                self._backoff.reset()
            if not self._stop.is_set():
                self._stop.wait(self._backoff.next_pause(longest))

    def _up(self, connection: Connection) -> None:
        self._tell_status(connection)
        self._announce(connection)
        with self._changed:
            self._connection, self._problem = connection, None
            self._connections += 1
            self._changed.notify_all()
        log.info("connected to the broker %s (MQTT %s)", self._where, self.state.protocol)

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
                    detail=f"{self._where} stopped answering",
                )
                break
            if connection.silence_seconds() >= ask_every:
                connection.ask()
        held, reason = self._now() - since, problem or connection.why_over()
        self._status.connection_ended()
        if self._doubles.ended(held, reason):
            self._client_id.renew()
        self._say(
            reason
            or self._doubles.problem()
            or Degradation(name=FaultName.BROKER_UNREACHABLE, detail=self._doubles.lost_words)
        )
        connection.abort()
        return held

    def _tell_status(self, connection: Connection) -> LivePublication | None:
        while (status := self._status.current) is not None:
            publication = connection.publish(self.topics.status, status, retain=True)
            if self._status.told(publication):
                return publication
        return None

    def _announce(self, connection: Connection) -> None:
        if (hub := self._announcement) is not None:
            connection.publish(hub.topic, hub.message, retain=True)

    def _heard_hub(self, arrival: Arrival) -> None:
        """Announce the door again: the hub has come up, and may have forgotten it."""
        connection = self._current()
        if connection is not None and arrival.payload == HUB_IS_UP:
            self._announce(connection)

    def _last_will(self) -> bytes:
        details: dict[str, object] = {"run": self.run, "sequence": self._sequence()}
        return encode_status("offline", self.topics.door, at=None, details=details)

    def _heard_status(self, arrival: Arrival) -> None:
        if arrival.is_retained:
            self.told_before = told_before(arrival.payload) or self.told_before
        self._doubles.heard(
            arrival.payload,
            is_retained=arrival.is_retained,
            has_told=self._status.has_ever_arrived,
        )

    def _standing_problem(self, connection: Connection) -> Degradation | None:
        return connection.complaint or self._doubles.problem() or self._status.problem

    def _say_goodbye(self, connection: Connection) -> None:
        told = self._tell_status(connection)
        if told is not None:
            told.wait(2.0)
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
