"""Who connects to whom, what is said if it vanishes, and who hears what arrives.

An arrival also says where the sender of a claim wants to hear the answer.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from paho.mqtt.client import MQTTMessage

from edgeverify.domain import Asker
from edgeverify.events import Topics
from edgeverify.mqtt.credentials import Credentials
from edgeverify.settings import MqttSettings

MAX_CORRELATION_BYTES = 256
"""More is not sent back: an answer that no broker takes would end the door's connection."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message that the door hears; `is_retained` as the publisher set it (MQTT 5).

    `asker` is where its sender hears the answer, at or below the door's own `answer` topic.
    """

    payload: bytes
    is_retained: bool
    asker: Asker


def arrival_of(message: MQTTMessage, topics: Topics) -> Arrival:
    """Read a message and, on MQTT 5, its response topic and correlation data."""
    wanted = str(getattr(message.properties, "ResponseTopic", ""))
    correlation = bytes(getattr(message.properties, "CorrelationData", b""))
    asker = Asker(
        topic=topics.answer_at(wanted),
        correlation=correlation if len(correlation) <= MAX_CORRELATION_BYTES else b"",
    )
    return Arrival(bytes(message.payload), message.retain, asker)


DIGITS = 20
"""80 bits."""


class ClientId:
    """One door's name at the broker: nobody without the master key can guess it.

    Whoever connects with a client id that is in use takes that session over (MQTT 5, section
    3.1.4), so any login could mute a door whose id is known. Taken over nevertheless (a copied
    state, a broker that makes the login the id), the door goes on under another name. Used by the
    link's thread alone.
    """

    def __init__(self, door: str, secret: bytes) -> None:
        """`secret` is the installation's master key; it cannot be told from the name."""
        self._door = door
        self._secret = secret
        self._number = 0

    def current(self) -> str:
        """Return the name to connect with."""
        said = f"edgeverify.mqtt.client-id.v1\n{self._door}\n{self._number}".encode()
        digest = hmac.new(self._secret, said, hashlib.sha256).hexdigest()
        return f"edgeverify-{self._door}-{digest[:DIGITS]}"

    def renew(self) -> None:
        """Take another name, because somebody else uses this one."""
        self._number += 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """What a hub is told of the door, retained; again whenever `birth_topic` says that it is up."""

    topic: str
    message: bytes
    birth_topic: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """One door at one broker. What hears (`on_...`) is called on a network thread."""

    settings: MqttSettings
    credentials: Credentials
    topics: Topics
    last_will: Callable[[], bytes]
    client_id: ClientId
    on_claim: Callable[[Arrival], None]
    on_status: Callable[[Arrival], None]
    on_others: Mapping[str, Callable[[Arrival], None]]
    """By topic, what else the door hears."""
    announcement: Announcement | None = None
    on_hub: Callable[[Arrival], None] = lambda _arrival: None

    @property
    def where(self) -> str:
        """Host and port, for people."""
        return f"{self.settings.host}:{self.settings.port}"

    def listener(self, topic: str) -> Callable[[Arrival], None]:
        """Return who hears what arrives there."""
        if self.announcement is not None and topic == self.announcement.birth_topic:
            return self.on_hub
        others = {self.topics.status: self.on_status, **self.on_others}
        return others.get(topic, self.on_claim)
