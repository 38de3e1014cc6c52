"""A broker that cannot take a message: it is dropped by name, and the door goes on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from edgeverify.domain import FaultName
from edgeverify.events import Topics
from edgeverify.mqtt import MqttLink, OutboxDelivery
from edgeverify.mqtt.live import LivePublication
from edgeverify.mqtt.status_forms import StatusForms
from tests.brokers import mosquitto
from tests.doors import DOOR
from tests.mqtt.conftest import Claims, LinkMaker, collect, everything
from tests.waiting import patience, until

TOPICS = Topics(DOOR)
LONG, SHORT = b"x" * 9_000, b'{"state": "degraded"}'
LIMITS = ("message_size_limit 8000", "max_packet_size 8000")


def _says_so(link: MqttLink) -> bool:
    problem = link.state.problem
    return problem is not None and problem.name is FaultName.BROKER_REFUSES_MESSAGES


@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_a_status_that_ends_connections_is_told_in_short_and_claims_are_heard(
    tmp_path: Path, make_link: LinkMaker, limit: str, protocol: str
) -> None:
    with mosquitto(tmp_path / "broker", "allow_anonymous true", limit) as broker:
        claims = Claims()
        link = make_link(broker.port, claims=claims, protocol=protocol)
        assert link.wait_connected(patience(5))
        link.set_status(LONG, SHORT)
        if (limit, protocol) != (LIMITS[0], "3.1.1"):  # this one takes it and throws it away
            until(lambda: _says_so(link), "the status to be named as too long", 20)
            with everything(broker.port) as monitor:
                (status,) = collect(monitor, 1)
            assert status.payload == SHORT
        with everything(broker.port) as reader:
            reader.publish(TOPICS.claim, b"a claim")
        assert claims.came.wait(patience(5))


def test_a_broker_that_takes_less_than_an_ordinary_status_is_told_the_short_one(
    tmp_path: Path, make_link: LinkMaker
) -> None:
    with mosquitto(tmp_path / "broker", "allow_anonymous true", "message_size_limit 1100") as made:
        claims = Claims()
        link = make_link(made.port, claims=claims)
        link.set_status(b"x" * 1_400, SHORT)
        until(lambda: _says_so(link), "the status to be named as too long", 60)
        with everything(made.port) as reader:
            reader.publish(TOPICS.claim, b"a claim")
        assert claims.came.wait(patience(5))


def test_a_broker_that_flaps_takes_the_short_status_from_nobody() -> None:
    forms = StatusForms(b"x" * 1_400, SHORT)
    for _ in range(100):
        forms.told(LivePublication())
        forms.connection_ended()
    assert forms.current == SHORT


@dataclass(frozen=True)
class Row:
    sequence: int
    message: bytes


@dataclass
class Rows:
    """An outbox in memory."""

    waiting: list[Row] = field(default_factory=list)

    def outbox(self, after: int = 0, limit: int = 200) -> list[Row]:
        return [row for row in self.waiting if row.sequence > after][:limit]

    def mark_sent(self, sequences: Iterable[int]) -> None:
        gone = set(sequences)
        self.waiting = [row for row in self.waiting if row.sequence not in gone]


@pytest.mark.parametrize("limit", LIMITS)
def test_history_that_no_broker_takes_is_dropped_by_name_and_the_rest_arrives(
    tmp_path: Path, make_link: LinkMaker, limit: str
) -> None:
    with mosquitto(tmp_path / "broker", "allow_anonymous true", limit) as broker:
        link = make_link(broker.port)
        link.set_status(SHORT)
        outbox = Rows([Row(1, b"before"), Row(2, LONG), Row(3, b"after")])
        delivery = OutboxDelivery(outbox, link)
        with everything(broker.port) as monitor:
            delivery.start()
            until(lambda: not outbox.waiting, "the outbox to empty itself", 60)
            delivery.stop()
            history: list[bytes] = []
            while b"after" not in history:
                (message,) = collect(monitor, 1)
                history += [message.payload] if message.topic == TOPICS.audit else []
        assert set(history) == {b"before", b"after"}
        assert delivery.dropped is not None
        assert delivery.dropped.name is FaultName.BROKER_REFUSES_MESSAGES
        assert "history 2" in delivery.dropped.detail
