from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest

from edgeverify.client import Feed, RawMessage
from edgeverify.events import Topics
from edgeverify.mqtt import Announcement, ClientId, Credentials, MqttLink
from edgeverify.mqtt.party import Arrival
from edgeverify.settings import MqttSettings
from tests.brokers import Mosquitto, mosquitto
from tests.doors import DOOR
from tests.waiting import patience


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with mosquitto(tmp_path / "broker") as running:
        yield running


@dataclass
class Claims:
    """What came in on the claim topic."""

    arrivals: list[Arrival] = field(default_factory=list)
    came: threading.Event = field(default_factory=threading.Event)

    def __call__(self, arrival: Arrival) -> None:
        self.arrivals.append(arrival)
        self.came.set()


LinkMaker = Callable[..., MqttLink]


@pytest.fixture
def make_link() -> Iterator[LinkMaker]:
    links: list[MqttLink] = []

    def make(
        port: int = 0,
        *,
        claims: Callable[[Arrival], None] = lambda _arrival: None,
        credentials: Credentials | None = None,
        secret: bytes = b"a master key",
        seed: int = 1,
        announcement: Announcement | None = None,
        **settings: object,
    ) -> MqttLink:
        chosen: dict[str, object] = {"max_reconnect_seconds": 1.0, "host": "127.0.0.1"}
        chosen |= {"port": port} if port else {}
        chosen |= settings
        link = MqttLink(
            MqttSettings.model_validate(chosen),
            DOOR,
            credentials or Credentials(),
            client_id=ClientId(DOOR, secret),
            on_claim=claims,
            announcement=announcement,
            random=Random(seed),
        )
        link.start()
        links.append(link)
        return link

    yield make
    for link in links:
        link.stop()


def everything(port: int) -> Feed:
    topics = Topics(DOOR)
    names = (topics.event, topics.audit, topics.status, topics.prompt)
    return Feed("127.0.0.1", port, topics=names)


def collect(feed: Feed, count: int) -> list[RawMessage]:
    """The next messages, so many; fewer where no more come within patience."""
    found = (feed.next(patience(10)) for _ in range(count))
    return [message for message in found if message is not None]


def came(feed: Feed) -> list[RawMessage]:
    """Everything that the broker had for this client until now.

    It is asked something whose answer stands behind all of it on the same connection: what has
    not come by then does not come later either.
    """
    assert feed._client is not None
    feed._client.publish("anything", b"a question", qos=1).wait_for_publish(patience(10))
    found: list[RawMessage] = []
    while (message := feed.next(0)) is not None:
        found.append(message)
    return found
