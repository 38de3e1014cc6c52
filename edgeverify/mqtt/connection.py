"""One connection to the broker, from CONNECT to its end. It is never reused.

A fresh client has an empty queue: paho would otherwise keep a message published while away and
deliver it after the reconnect, with its whole message expiry ahead of it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from paho.mqtt.client import (
    MQTT_CLEAN_START_FIRST_ONLY,
    Client,
    ConnectFlags,
    DisconnectFlags,
    MQTTMessage,
)
from paho.mqtt.enums import MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edgeverify.domain import Degradation, FaultName
from edgeverify.mqtt import failures
from edgeverify.mqtt.client import (
    CONNECT_SECONDS,
    cut,
    make_client,
    message_properties,
    session_properties,
    subscribe,
    tune,
)
from edgeverify.mqtt.failures import Complaints
from edgeverify.mqtt.live import ENDED, TOO_LARGE, Answers, LivePublication, lost
from edgeverify.mqtt.party import Party, arrival_of

OVERHEAD = 512
"""Bytes of a packet beside its payload, at most: header, topic, properties."""


class Connection:
    """A client's life. Callbacks run on its network thread.

    A probe has no last will and hears nothing: its plain CONNECT asks whether the broker speaks
    the protocol, and no more.
    """

    def __init__(
        self,
        party: Party,
        *,
        protocol: MQTTProtocolVersion,
        now: Callable[[], float],
        is_probe: bool = False,
    ) -> None:
        self._is_probe = is_probe
        self.protocol = protocol
        self.is_v5 = protocol == MQTTProtocolVersion.MQTTv5
        self.receive_maximum = 20
        self._where = party.where
        self._party = party
        self._topics = party.topics
        self._now = now
        self._claims_mid: int | None = None
        self.largest_packet: int | None = None
        """What the broker takes at most, in bytes, where it says so."""
        self._answers = Answers()
        self._ready = threading.Event()
        self._over = threading.Event()
        self._complaints = Complaints(self._where)
        self.was_taken = False
        self._was_up = False
        self._refusal: ReasonCode | None = None
        self._heard_at = now()
        self._asked_at: float | None = None
        self._client = self._make_client()

    @property
    def is_up(self) -> bool:
        """CONNACK came and the connection has not ended since."""
        return self._ready.is_set() and not self._over.is_set()

    @property
    def complaint(self) -> Degradation | None:
        """What the broker refuses although it keeps the connection; None: nothing."""
        return self._complaints.first

    @property
    def may_speak_older(self) -> bool:
        """The broker named the version, or took the connection and never gave a CONNACK.

        Brokers without MQTT 5 do the one or the other.
        """
        if self._refusal is not None:
            return failures.is_unsupported_protocol(self._refusal)
        return self.was_taken and not self._was_up

    def open(self) -> Degradation | None:
        """Connect and wait for CONNACK; return what went wrong, None when the connection is up."""
        try:
            code = self._client.connect(
                self._party.settings.host,
                self._party.settings.port,
                keepalive=self._party.settings.keepalive_seconds,
                clean_start=self.is_v5 or MQTT_CLEAN_START_FIRST_ONLY,
                properties=session_properties() if self.is_v5 and not self._is_probe else None,
            )
        except (OSError, ValueError) as error:
            return failures.of_exception(error, self._where)
        if code != MQTTErrorCode.MQTT_ERR_SUCCESS:
            return Degradation(
                name=FaultName.BROKER_UNREACHABLE, detail=f"{self._where}: {code.name}"
            )
        self.was_taken = True
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
        correlation: bytes = b"",
    ) -> LivePublication:
        """Hand over one QoS 1 message; never blocks for the network."""
        properties = None
        if self.is_v5:
            properties = message_properties(expiry_seconds, content_type, correlation)
        if self._over.is_set():
            return lost("the connection is down")
        if self.largest_packet is not None and len(payload) + OVERHEAD > self.largest_packet:
            return lost(f"{TOO_LARGE}: {len(payload)} bytes, it takes {self.largest_packet}")
        info = self._client.publish(topic, payload, qos=1, retain=retain, properties=properties)
        if info.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            return lost(MQTTErrorCode(info.rc).name)
        publication = self._answers.expect(info.mid, topic)
        if publication.is_refused:  # so soon that the callback did not know the topic yet
            self._complaints.message(topic, publication.problem)
        if self._over.is_set():
            publication.answer(ENDED)
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
        """Break the ring of client and callbacks, so that paho closes all its sockets now.

        In a ring, two wait for the garbage collector: a broker that flaps fills the table of files.
        """
        client = self._client
        client.on_connect = client.on_disconnect = client.on_message = None
        client.on_publish = client.on_subscribe = client.on_unsubscribe = None

    # ---- paho's side --------------------------------------------------------------------------

    def _make_client(self) -> Client:
        name = self._party.client_id.current() + ("-probe" if self._is_probe else "")
        client = make_client(
            name, self.protocol, self._party.credentials, self._complaints.too_long
        )
        if not self._is_probe:
            client.will_set(self._topics.status, self._party.last_will(), qos=1, retain=True)
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
        if self.is_v5 and not self._is_probe:
            # Absent means 65535 (MQTT 5, section 3.2.2.3.3).
            self.receive_maximum = int(getattr(properties, "ReceiveMaximum", 65535))
            self.largest_packet = getattr(properties, "MaximumPacketSize", None)
        if not self._is_probe:
            self._claims_mid = subscribe(client, self._party, is_v5=self.is_v5)
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
        self._end(ENDED)

    def _message(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        self._heard_at = self._now()
        self._complaints.heard(
            message.topic, is_cleared=not message.payload or self._topics.is_retained(message.topic)
        )
        self._party.listener(message.topic)(arrival_of(message, self._topics))

    def _published(
        self,
        _client: Client,
        _userdata: object,
        mid: int,
        reason: ReasonCode,
        _properties: Properties,
    ) -> None:
        self._heard_at = self._now()
        publication = self._answers.arrived(mid, reason.getName() if reason.is_failure else "")
        if not publication.topic:
            return
        if reason.is_failure:
            self._complaints.message(publication.topic, reason.getName())
        else:
            self._complaints.taken(publication.topic)

    def _subscribed(
        self,
        _client: Client,
        _userdata: object,
        mid: int,
        reasons: list[ReasonCode],
        _properties: Properties | None,
    ) -> None:
        self._heard_at = self._now()
        for reason in reasons if mid == self._claims_mid else ():
            if reason.is_failure:
                self._complaints.claims(self._topics.claim, reason.getName())

    def _unsubscribed(self, *_: object) -> None:
        self._heard_at = self._now()
        self._asked_at = None

    def _end(self, words: str) -> None:
        self._over.set()
        self._ready.set()
        self._answers.end(words)
