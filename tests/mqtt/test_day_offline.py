"""The broker is away for a day: 20,000 decisions, ten restarts of the door, then all of it."""

from __future__ import annotations

import os
import random
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import psutil
import pytest

from edgeverify.client import Feed
from edgeverify.events import DecisionPayload, EventKind, Topics, encode_event, parse_event
from edgeverify.journal import Journal
from edgeverify.journal.database import connect
from edgeverify.keys import SigningKeys
from edgeverify.mqtt import ClientId, Credentials, MqttLink, OutboxDelivery
from edgeverify.settings import MqttSettings
from tests.brokers import mosquitto
from tests.doors import DOOR, decided, door_keys
from tests.ports import free_port
from tests.waiting import patience

DECISIONS = int(os.environ.get("EDGEVERIFY_OFFLINE_DECISIONS", "20000"))
TOPICS = Topics(DOOR)
START = datetime.now(timezone.utc) - timedelta(days=1)


def _open_door(journal: Journal, port: int) -> tuple[MqttLink, OutboxDelivery]:
    settings = MqttSettings(host="127.0.0.1", port=port, max_reconnect_seconds=1.0)
    link = MqttLink(
        settings,
        DOOR,
        Credentials(),
        client_id=ClientId(DOOR, b"a master key"),
        on_claim=lambda _claim: None,
        random=random.Random(1),
    )
    delivery = OutboxDelivery(journal, link)
    link.start()
    delivery.start()
    return link, delivery


def _a_tenth_of_the_day(path: Path, port: int, life: int, keys: SigningKeys) -> list[str]:
    """Run a door without its broker; return the ids of what it decided."""
    # NORMAL only here: 20,000 fsyncs would prove nothing that the power cuts do not
    journal = Journal(path, connect=lambda where: connect(where, synchronous="NORMAL"))
    journal.probe(START)
    link, delivery = _open_door(journal, port)
    names = []
    for number in range(DECISIONS // 10):
        at = START + timedelta(seconds=4 * (life * DECISIONS // 10 + number))
        entry = decided(f"{life}-{number}", at=at, frames=1)
        signed = journal.record(entry, keys)
        names.append(entry.event_id)
        if number % 100 == 0:
            event = encode_event(signed, EventKind.LIVE)
            link.publish.live(event, expires_at=entry.expires_at, now=at)
            delivery.wake()
    delivery.stop()
    link.stop()
    journal.close()
    return names


def _listen_until_empty(journal: Journal, port: int) -> tuple[list[str], int]:
    """Return the ids on `audit` in the order of their first delivery, and the count on `event`."""
    seen: dict[str, None] = {}
    live = 0
    deadline = time.monotonic() + patience(120)
    with Feed("127.0.0.1", port, topics=(TOPICS.event, TOPICS.audit)) as monitor:
        while time.monotonic() < deadline:
            message = monitor.next(1.0)
            if message is None and not journal.outbox_length():
                break
            if message is not None and message.topic == TOPICS.event:
                live += 1
            elif message is not None:
                payload = parse_event(message.payload).payload
                seen[DecisionPayload.from_bytes(payload).event_id] = None
    return list(seen), live


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_day_without_a_broker(tmp_path: Path) -> None:
    keys, path, port = door_keys(tmp_path), tmp_path / "journal.sqlite", free_port()
    names = _a_tenth_of_the_day(path, port, 0, keys)
    memory = psutil.Process().memory_info().rss
    for life in range(1, 10):
        names += _a_tenth_of_the_day(path, port, life, keys)
    journal = Journal.open(path, now=START).journal
    assert journal.outbox_length() == DECISIONS
    link, delivery = _open_door(journal, port)
    quiet = ("allow_anonymous true", "log_type error", "max_queued_messages 0")
    with mosquitto(tmp_path / "broker", *quiet, port=port):
        back_at = time.monotonic()
        seen, live = _listen_until_empty(journal, port)
        seconds = time.monotonic() - back_at
    delivery.stop()
    link.stop()
    journal.close()
    grown = (psutil.Process().memory_info().rss - memory) / (1 << 20)
    print(f"{DECISIONS} delivered in {seconds:.1f} s, memory grew {grown:.1f} MiB")  # noqa: T201
    assert live == 0
    # the monitor may have subscribed a moment after the first were delivered
    assert seen == names[len(names) - len(seen) :]
    assert len(seen) > DECISIONS * 0.9
    assert seconds < patience(60)
    assert grown < 50
