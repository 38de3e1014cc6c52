"""A door and a hub at one broker: the hub always knows the door, however often it starts."""

from __future__ import annotations

from edgeverify.client import Feed
from edgeverify.mqtt import Announcement
from tests.brokers import Mosquitto
from tests.mqtt.conftest import LinkMaker, came, collect
from tests.waiting import patience

ANNOUNCEMENT = Announcement(
    topic="hub/device/a-door/config", message=b"{}", birth_topic="hub/status"
)


def test_the_door_announces_itself_and_again_when_the_hub_comes_up(
    broker: Mosquitto, make_link: LinkMaker
) -> None:
    topics = (ANNOUNCEMENT.topic,)
    with Feed("127.0.0.1", broker.port, topics=topics) as hub:
        link = make_link(broker.port, announcement=ANNOUNCEMENT)
        assert link.wait_connected(patience(5))
        (first,) = collect(hub, 1)
        assert first.payload == ANNOUNCEMENT.message
        hub.publish(ANNOUNCEMENT.birth_topic, b"offline")
        hub.publish(ANNOUNCEMENT.birth_topic, b"online")
        (again,) = collect(hub, 1)
        assert again.payload == ANNOUNCEMENT.message
        assert not came(hub)
    with Feed("127.0.0.1", broker.port, topics=topics) as late:
        (retained,) = collect(late, 1)
        assert retained.is_retained
        assert retained.payload == ANNOUNCEMENT.message
