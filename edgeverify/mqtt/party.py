"""Who connects to whom, what is said if it vanishes, and who hears what arrives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from edgeverify.events import Topics
from edgeverify.mqtt.arrival import Arrival
from edgeverify.mqtt.client_id import ClientId
from edgeverify.mqtt.credentials import Credentials
from edgeverify.settings import MqttSettings


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
    last_will: bytes
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
