"""One connection to the broker, from CONNECT to its end. It is never reused.

A fresh client has an empty queue: paho would otherwise keep a message published while away and
deliver it after the reconnect, with its whole message expiry ahead of it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from paho.mqtt.client import (
    MQTT_CLEAN_START_FIRST_ONLY,
    Client,
    ConnectFlags,
    DisconnectFlags,
    MQTTMessage,
)
from paho.mqtt.enums import MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from edgeverify.domain import Degradation, FaultName
from edgeverify.events import Topics
from edgeverify.mqtt import failures
from edgeverify.mqtt.answers import Answers
from edgeverify.mqtt.client import CONNECT_SECONDS, cut, make_client, session_properties, tune
from edgeverify.mqtt.credentials import Credentials
from edgeverify.mqtt.live import LivePublication
from edgeverify.settings import MqttSettings


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message on the claim topic; `is_retained` as the publisher set it (MQTT 5)."""

    payload: bytes
    is_retained: bool


class Connection:
    """A client's life. Callbacks run on its network thread.

    Without a last will it is a probe, whose plain CONNECT asks whether the broker speaks the
    protocol, and no more.
    """

    def __init__(
        self,
        settings: MqttSettings,
        credentials: Credentials,
        topics: Topics,
        *,
        protocol: MQTTProtocolVersion,
        last_will: bytes | None,
        now: Callable[[], float],
        on_claim: Callable[[Arrival], None],
    ) -> None:
        self._is_probe = last_will is None
        self.protocol = protocol
        self.is_v5 = protocol == MQTTProtocolVersion.MQTTv5
        self.receive_maximum = 20
        self._where = f"{settings.host}:{settings.port}"
        self._settings = settings
        self._topics = topics
        self._now = now
        self._on_claim = on_claim
        self._answers = Answers()
        self._ready = threading.Event()
        self._over = threading.Event()
        self.complaint: Degradation | None = None
        """What the broker refuses although it keeps the connection: its access list, mostly."""
        self._was_taken = False
        self._was_up = False
        self._refusal: ReasonCode | None = None
        self._heard_at = now()
        self._asked_at: float | None = None
        self._client = self._make_client(credentials, last_will)

    @property
    def is_up(self) -> bool:
        """CONNACK came and the connection has not ended since."""
        return self._ready.is_set() and not self._over.is_set()

    @property
    def may_speak_older(self) -> bool:
        """The broker named the version, or took the connection and never gave a CONNACK.

        Brokers without MQTT 5 do the one or the other.
        """
        if self._refusal is not None:
            return failures.is_unsupported_protocol(self._refusal)
        return self._was_taken and not self._was_up

    def open(self) -> Degradation | None:
        """Connect and wait for CONNACK; return what went wrong, None when the connection is up."""
        try:
            code = self._client.connect(
                self._settings.host,
                self._settings.port,
                keepalive=self._settings.keepalive_seconds,
                clean_start=self.is_v5 or MQTT_CLEAN_START_FIRST_ONLY,
                properties=session_properties() if self.is_v5 and not self._is_probe else None,
            )
        except (OSError, ValueError) as error:
            return failures.of_exception(error, self._where)
        if code != MQTTErrorCode.MQTT_ERR_SUCCESS:
            return Degradation(
                name=FaultName.BROKER_UNREACHABLE, detail=f"{self._where}: {code.name}"
            )
        self._was_taken = True
        tune(self._client)
        self._client.loop_start()
        if not self._ready.wait(CONNECT_SECONDS) or self._over.is_set():
            return self.why_over() or Degradation(
                name=FaultName.BROKER_UNREACHABLE, detail=f"{self._where} does not answer CONNECT"
            )
        return None

    def why_over(self) -> Degradation | None:
        """Return what the broker gave as its reason, if it gave one."""
        return None if self._refusal is None else failures.of_reason(self._refusal, self._where)

    def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        expiry_seconds: int | None = None,
        retain: bool = False,
        content_type: str = "application/json",
    ) -> LivePublication:
        """Hand over one QoS 1 message; never blocks for the network."""
        properties = None
        if self.is_v5:
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
            properties.ContentType = content_type
            if expiry_seconds is not None:
                properties.MessageExpiryInterval = expiry_seconds
        if self._over.is_set():
            return _lost("the connection is down")
        info = self._client.publish(topic, payload, qos=1, retain=retain, properties=properties)
        if info.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            return _lost(MQTTErrorCode(info.rc).name)
        publication = self._answers.expect(info.mid)
        if self._over.is_set():
            publication.answer("the connection ended")
        return publication

    def ask(self) -> None:
        """Ask the broker for a sign of life, unless a question is open.

        An UNSUBSCRIBE from what was never subscribed changes nothing and must be answered: paho
        offers no ping of its own.
        """
        if self._asked_at is None and self.is_up:
            self._asked_at = self._now()
            self._client.unsubscribe(f"{self._topics.claim}/are-you-there")

    def silence_seconds(self) -> float:
        """Return how long nothing has come from the broker."""
        return self._now() - self._heard_at

    def unanswered_seconds(self) -> float:
        """Return how long a question has been open; 0 when none is."""
        asked = self._asked_at
        return 0.0 if asked is None else self._now() - asked

    def interrupt(self) -> None:
        """Let a waiting `open` return; from any thread."""
        self._end("the door is stopping")

    def wait_over(self, timeout_seconds: float) -> bool:
        """Return True once the connection has ended."""
        return self._over.wait(timeout_seconds)

    def disconnect(self) -> None:
        """End in order: the broker forgets the last will."""
        self._client.disconnect()
        self._over.wait(1.0)
        self.abort()

    def abort(self) -> None:
        """End at once: unsent bytes are thrown away, not delivered later by the kernel."""
        cut(self._client)
        self._client.loop_stop()
        self._end("the connection was given up")
        self._let_go()

    def _let_go(self) -> None:
        """Break the ring of client and callbacks, so that paho closes its sockets now.

        It closes two of them only when the client is deleted; in a ring that waits for the garbage
        collector, and a broker that flaps all night would fill the table of open files meanwhile.
        """
        client = self._client
        client.on_connect = client.on_disconnect = client.on_message = None
        client.on_publish = client.on_subscribe = client.on_unsubscribe = None

    # ---- paho's side --------------------------------------------------------------------------

    def _make_client(self, credentials: Credentials, last_will: bytes | None) -> Client:
        suffix = "-probe" if self._is_probe else ""
        name = f"edgeverify-{self._topics.door}{suffix}"
        client = make_client(name, self.protocol, credentials)
        if last_will is not None:
            client.will_set(self._topics.status, last_will, qos=1, retain=True)
        client.on_connect = self._connected
        client.on_disconnect = self._disconnected
        client.on_message = self._message
        client.on_publish = self._published
        client.on_subscribe = self._subscribed
        client.on_unsubscribe = self._unsubscribed
        return client

    def _connected(
        self,
        client: Client,
        _userdata: object,
        _flags: ConnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        self._heard_at = self._now()
        if reason.is_failure:
            self._refusal = reason
            self._end("refused")
            return
        if self._is_probe:
            pass
        elif self.is_v5:
            # Absent means 65535 (MQTT 5, section 3.2.2.3.3).
            self.receive_maximum = int(getattr(properties, "ReceiveMaximum", 65535))
            options = SubscribeOptions(qos=1, retainAsPublished=True)
            client.subscribe(self._topics.claim, options=options)
        else:
            client.subscribe(self._topics.claim, qos=1)
        self._was_up = True
        self._ready.set()

    def _disconnected(
        self,
        _client: Client,
        _userdata: object,
        flags: DisconnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if flags.is_disconnect_packet_from_server:
            self._refusal = reason
        self._end("the connection ended")

    def _message(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        self._heard_at = self._now()
        self._on_claim(Arrival(bytes(message.payload), message.retain))

    def _published(
        self,
        _client: Client,
        _userdata: object,
        mid: int,
        reason: ReasonCode,
        _properties: Properties,
    ) -> None:
        self._heard_at = self._now()
        if reason.is_failure:
            detail = f"{self._where} does not take what this door says: {reason.getName()}"
            self.complaint = Degradation(name=FaultName.BROKER_REFUSES_MESSAGES, detail=detail)
        self._answers.arrived(mid, reason.getName() if reason.is_failure else "")

    def _subscribed(
        self,
        _client: Client,
        _userdata: object,
        _mid: int,
        reasons: list[ReasonCode],
        _properties: Properties | None,
    ) -> None:
        self._heard_at = self._now()
        if any(reason.is_failure for reason in reasons):
            detail = f"{self._where} does not let this door hear {self._topics.claim}"
            self.complaint = Degradation(name=FaultName.BROKER_REFUSES_CLAIMS, detail=detail)

    def _unsubscribed(self, *_: object) -> None:
        self._heard_at = self._now()
        self._asked_at = None

    def _end(self, words: str) -> None:
        self._over.set()
        self._ready.set()
        self._answers.end(words)


def _lost(problem: str) -> LivePublication:
    publication = LivePublication()
    publication.answer(problem)
    return publication
