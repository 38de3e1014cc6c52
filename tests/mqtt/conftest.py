from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest

from edgeverify.client import Feed, RawMessage
from edgeverify.events import Topics
from edgeverify.mqtt import Credentials, MqttLink
from edgeverify.mqtt.connection import Arrival
from edgeverify.settings import MqttSettings
from tests.brokers import Mosquitto, mosquitto
from tests.doors import DOOR


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
        port: int,
        *,
        claims: Callable[[Arrival], None] = lambda _arrival: None,
        credentials: Credentials | None = None,
        seed: int = 1,
        **settings: object,
    ) -> MqttLink:
        chosen = {"max_reconnect_seconds": 1.0, "host": "127.0.0.1", "port": port} | settings
        link = MqttLink(
            MqttSettings.model_validate(chosen),
            DOOR,
            credentials or Credentials(),
            on_claim=claims,
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


def collect(feed: Feed, seconds: float, *, until: int | None = None) -> list[RawMessage]:
    """All messages until none came for so long, or until there are so many."""
    found: list[RawMessage] = []
    while until is None or len(found) < until:
        message = feed.next(seconds)
        if message is None:
            break
        found.append(message)
    return found


def until(condition: Callable[[], object], seconds: float = 10.0) -> bool:
    """Wait for something that is about to happen."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False
