"""A broker that dies again and again while the door decides: nothing late, nothing lost."""

from __future__ import annotations

import random
import threading
import time
from datetime import datetime, timezone
from pathlib import Path

import pytest

from edgeverify.client import EventChecker, Feed
from edgeverify.errors import EventError
from edgeverify.events import EventKind, Topics, encode_event
from edgeverify.journal import Journal
from edgeverify.mqtt import LiveResult, MqttLink, OutboxDelivery
from tests.brokers import Mosquitto
from tests.doors import DOOR, decided, door_keys
from tests.mqtt.conftest import LinkMaker, until

TOPICS = Topics(DOOR)


@pytest.mark.slow
def test_what_was_decided_while_it_was_away_is_history_only(
    broker: Mosquitto, make_link: LinkMaker, tmp_path: Path
) -> None:
    keys = door_keys(tmp_path)
    journal = Journal.open(tmp_path / "journal.sqlite", now=datetime.now(timezone.utc)).journal
    link = make_link(broker.port)
    delivery = OutboxDelivery(journal, link)
    delivery.start()
    over = threading.Event()
    dropped: set[str] = set()
    decider = threading.Thread(target=_decide, args=(journal, link, delivery, keys, over, dropped))
    checker = EventChecker(DOOR, {keys.keyid: keys.public})
    live: list[str] = []
    history: set[str] = set()
    refused: list[EventError] = []
    with Feed("127.0.0.1", broker.port, topics=(TOPICS.event, TOPICS.audit)) as monitor:
        decider.start()
        draw = random.Random(7)
        for _ in range(5):
            _listen(monitor, checker, live, history, refused, draw.uniform(0.5, 1.5))
            broker.kill()
            time.sleep(draw.uniform(0.1, 1.5))
            broker.start()
        _listen(monitor, checker, live, history, refused, 3.0)
        over.set()
        decider.join()
        assert until(lambda: journal.outbox_length() == 0, 30)
        _listen(monitor, checker, live, history, refused, 1.0)
    delivery.stop()
    link.stop()
    journal.close()
    assert refused == [], "no live decision came late or twice"
    assert dropped, "some were decided while it was away"
    assert not dropped & set(live)
    assert len(live) == len(set(live)) > 20
    assert dropped & history


def _decide(
    journal: Journal,
    link: MqttLink,
    delivery: OutboxDelivery,
    keys: object,
    over: threading.Event,
    dropped: set[str],
) -> None:
    number = 0
    while not over.wait(0.02):
        number += 1
        entry = decided(str(number))
        signed = journal.record(entry, keys)  # type: ignore[arg-type]
        event = encode_event(signed, EventKind.LIVE)
        now = datetime.now(timezone.utc)
        result, _ = link.publish_live(event, expires_at=entry.expires_at, now=now)
        if result is not LiveResult.HANDED_OVER:
            dropped.add(entry.event_id)
        delivery.wake()


def _listen(
    monitor: Feed,
    checker: EventChecker,
    live: list[str],
    history: set[str],
    refused: list[EventError],
    seconds: float,
) -> None:
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        message = monitor.next(left)
        if message is None:
            continue
        if message.topic == TOPICS.audit:
            history.add(checker.check_history(message.payload).decision.event_id)
            continue
        try:
            found = checker.check(message.payload, now=datetime.now(timezone.utc))
        except EventError as error:
            refused.append(error)
        else:
            live.append(found.decision.event_id)
