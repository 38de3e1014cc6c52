"""A door that vanishes without a message is offline for everybody within 25 seconds."""

from __future__ import annotations

import json
from datetime import datetime, timezone

import pytest

from edgeverify.client import Feed
from edgeverify.events import Topics, encode_status
from tests.brokers import Mosquitto, Proxy
from tests.doors import DOOR
from tests.mqtt.conftest import LinkMaker
from tests.waiting import patience

TOPICS = Topics(DOOR)


@pytest.mark.slow
def test_the_last_will_of_a_silent_door(broker: Mosquitto, make_link: LinkMaker) -> None:
    proxy = Proxy(broker.port)
    link = make_link(proxy.port)
    link.set_status(encode_status("online", DOOR, at=datetime.now(timezone.utc)))
    assert link.wait_connected(patience(5))
    with Feed("127.0.0.1", broker.port, topics=(TOPICS.status,)) as reader:
        assert _state(reader, 5) == "online"
        proxy.stall()
        assert _state(reader, 25) == "offline"
        proxy.cut()
        proxy.resume()
        assert _state(reader, 30) == "online"
    link.stop()
    proxy.close()


def _state(reader: Feed, seconds: float) -> object:
    message = reader.next(patience(seconds))
    assert message is not None
    return json.loads(message.payload)["state"]
