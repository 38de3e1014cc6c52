"""A broker's topics as a queue of unchecked messages."""

from __future__ import annotations

import logging
import queue
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from paho.mqtt.client import Client, ConnectFlags, MQTTMessage
from paho.mqtt.enums import MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from typing_extensions import Self

from edgeverify.errors import BrokerError
from edgeverify.mqtt.bounded_client import MAX_PACKET_BYTES, BoundedClient, TooLong

log = logging.getLogger(__name__)

CONNECT_SECONDS = 10.0
LONGEST_PAUSE_SECONDS = 4
"""Between attempts to connect again: a grant is worth something for seconds only."""
MAX_POSTED = 1000
"""Messages that wait while the broker is away."""
CLOSED = "the connection was closed"
SILENT = "it does not answer"
ACCESS = "Give it that right in the broker's access list, or use another login."


@dataclass(frozen=True, slots=True)
class RawMessage:
    """What arrived, unchecked."""

    topic: str
    payload: bytes
    is_retained: bool


class Feed:
    """Topics of a broker as a queue, MQTT 5 first, reconnecting by itself; a context manager."""

    def __init__(  # noqa: PLR0913 - what a connection has, all named
        self,
        host: str,
        port: int,
        *,
        topics: Sequence[str],
        username: str = "",
        password: str = "",
        tls: ssl.SSLContext | None = None,
        timeout_seconds: float = CONNECT_SECONDS,
        last_will: tuple[str, bytes] | None = None,
        on_up: Callable[[], None] = lambda: None,
        on_down: Callable[[], None] = lambda: None,
    ) -> None:
        """`last_will` is a topic and what the broker retains there once this has vanished.

        `on_up` and `on_down` are called on a network thread whenever the connection stands (again)
        and is lost.
        """
        self._where = (host, port)
        self._topics = topics
        self._login = (username, password)
        self._tls = tls
        self._timeout = timeout_seconds
        self._last_will = last_will
        self._on_up, self._on_down = on_up, on_down
        self._messages: queue.Queue[RawMessage | BrokerError] = queue.Queue(maxsize=10_000)
        self._answer: queue.Queue[str | BrokerError] = queue.Queue()
        self._refused: dict[int, str] = {}
        self._posted: dict[int, str] = {}
        self._is_open = False
        self._client: Client | None = None

    def __enter__(self) -> Self:
        problem = self._open(MQTTProtocolVersion.MQTTv5)
        if problem in {"Unsupported protocol version", CLOSED, SILENT}:
            # what brokers without MQTT 5 do: name it, hang up, or (amqtt) say nothing
            problem = self._open(MQTTProtocolVersion.MQTTv311)
        if isinstance(problem, BrokerError):
            raise problem
        if problem:
            host, port = self._where
            raise BrokerError(
                f"the broker {host}:{port} cannot be used: {problem}",
                advice="Is it running, and are host, port and credentials right?",
            )
        self._is_open = True
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def next(self, timeout_seconds: float | None) -> RawMessage | None:
        """Return the next message, or None after the time-out.

        Raises BrokerError once the broker refuses a topic that it had let this login hear before.
        """
        try:
            message = self._messages.get(timeout=timeout_seconds)
        except queue.Empty:
            return None
        if isinstance(message, BrokerError):
            raise message
        return message

    def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        answer_topic: str = "",
        correlation: bytes = b"",
        retain: bool = False,
        timeout_seconds: float = 5.0,
    ) -> None:
        """Send one QoS 1 message and wait for its PUBACK.

        `answer_topic` and `correlation` (MQTT 5) tell where and by what the answer is awaited.
        Raises BrokerError where it is refused or not acknowledged. A broker that speaks 3.1.1
        acknowledges what it refuses.
        """
        if self._client is None:
            raise BrokerError("not connected")
        properties = None
        if answer_topic and self.is_v5:
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
            properties.ResponseTopic = answer_topic
            properties.CorrelationData = correlation
        info = self._client.publish(topic, payload, qos=1, retain=retain, properties=properties)
        try:
            info.wait_for_publish(timeout_seconds)
        except (RuntimeError, ValueError) as error:
            raise BrokerError(f"the broker did not take a message: {error}") from None
        if not info.is_published():
            raise BrokerError("the broker did not acknowledge a message in time")
        if words := self._refused.pop(info.mid, ""):
            raise self._forbidden("write to", topic, words)

    def post(self, topic: str, payload: bytes) -> None:
        """Send one retained QoS 1 message, without waiting; while away it waits for its turn."""
        if self._client is not None:
            info = self._client.publish(topic, payload, qos=1, retain=True)
            self._posted[info.mid] = topic

    @property
    def is_v5(self) -> bool:
        """The broker speaks MQTT 5."""
        return self._client is not None and self._client.protocol == MQTTProtocolVersion.MQTTv5

    def _forbidden(self, what: str, topic: str, words: str) -> BrokerError:
        host, port = self._where
        who = f"the login {self._login[0]!r}" if self._login[0] else "a client without a login"
        return BrokerError(
            f"the broker {host}:{port} does not let {who} {what} {topic}: {words}", advice=ACCESS
        )

    def _open(self, protocol: MQTTProtocolVersion) -> str | BrokerError:
        client = BoundedClient(protocol, on_too_long=self._skipped)
        client.connect_timeout = self._timeout
        client.reconnect_delay_set(1, LONGEST_PAUSE_SECONDS)
        if self._login[0]:
            client.username_pw_set(self._login[0], self._login[1] or None)
        if self._tls is not None:
            client.tls_set_context(self._tls)
        if self._last_will is not None:
            client.will_set(*self._last_will, qos=1, retain=True)
        client.max_queued_messages_set(MAX_POSTED)
        client.on_connect = self._connected
        client.on_disconnect = self._disconnected
        client.on_subscribe = self._subscribed
        client.on_publish = self._published
        client.on_message = self._arrived
        self._client = client
        self._answer = queue.Queue()
        try:
            client.connect(*self._where, keepalive=15, properties=_longest(protocol))
        except OSError as error:
            return error.strerror or str(error)
        except ValueError as error:
            return str(error)
        try:
            client.loop_start()  # needs two files more than the connection
        except OSError as error:
            self._client = None
            client.disconnect()
            return error.strerror or str(error)
        try:
            problem = self._answer.get(timeout=self._timeout)
        except queue.Empty:
            problem = SILENT
        if problem:
            self._close()
        return problem

    def _close(self) -> None:
        self._is_open = False
        self._posted.clear()
        if self._client is not None:
            self._client.disconnect()
            self._client.loop_stop()
            self._client = None

    def _connected(
        self,
        client: Client,
        _userdata: object,
        _flags: ConnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            self._answer.put(reason.getName())
            return
        if self._topics:
            client.subscribe([(topic, 1) for topic in self._topics])
        else:
            self._answer.put("")

    def _disconnected(self, *_: object) -> None:
        self._answer.put(CLOSED)
        self._on_down()

    def _subscribed(
        self,
        _client: Client,
        _userdata: object,
        _mid: int,
        reasons: list[ReasonCode],
        _properties: Properties | None,
    ) -> None:
        problem = next(
            (
                self._forbidden("hear", topic, reason.getName())
                for topic, reason in zip(self._topics, reasons, strict=True)
                if reason.is_failure
            ),
            None,
        )
        self._answer.put(problem or "")
        if problem and self._is_open:
            with suppress(queue.Full):
                self._messages.put_nowait(problem)
        elif not problem:
            self._on_up()

    def _published(
        self,
        _client: Client,
        _userdata: object,
        mid: int,
        reason: ReasonCode,
        _properties: Properties,
    ) -> None:
        posted = self._posted.pop(mid, "")
        if reason.is_failure and posted:
            log.warning("%s", self._forbidden("write to", posted, reason.getName()).problem)
        elif reason.is_failure:
            self._refused[mid] = reason.getName()

    def _skipped(self, skipped: TooLong) -> None:
        log.warning(
            "a message of %d KiB on %s was skipped: nothing that belongs there is so long",
            skipped.length // 1024,
            skipped.topic,
        )

    def _arrived(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        # A reader that sleeps through 10,000 decisions finds the gap in the sequence.
        with suppress(queue.Full):
            self._messages.put_nowait(
                RawMessage(message.topic, bytes(message.payload), message.retain)
            )


def _longest(protocol: MQTTProtocolVersion) -> Properties | None:
    """Return what tells a broker how long a message may be, where its protocol can say so."""
    if protocol != MQTTProtocolVersion.MQTTv5:
        return None
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.MaximumPacketSize = MAX_PACKET_BYTES
    return properties
