"""A broker that dies again and again while the door decides: nothing late, nothing lost."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

import pytest

from edgeverify.client import EventChecker, Feed, RawMessage
from edgeverify.errors import EventError
from edgeverify.events import EventKind, Topics, encode_event
from edgeverify.journal import Journal
from edgeverify.mqtt import LiveResult, MqttLink, OutboxDelivery
from tests.brokers import Mosquitto
from tests.doors import DOOR, decided, door_keys
from tests.mqtt.conftest import LinkMaker, came
from tests.waiting import until

TOPICS = Topics(DOOR)


@dataclass
class Heard:
    """What a monitor took down: event ids, and what it would not believe."""

    checker: EventChecker
    live: list[str] = field(default_factory=list)
    history: set[str] = field(default_factory=set)
    refused: list[EventError] = field(default_factory=list)

    def take(self, message: RawMessage) -> None:
        if message.topic == TOPICS.audit:
            self.history.add(self.checker.check_history(message.payload).decision.event_id)
            return
        try:
            found = self.checker.check(message.payload, now=datetime.now(timezone.utc))
        except EventError as error:
            self.refused.append(error)
        else:
            self.live.append(found.decision.event_id)

    def listen(self, monitor: Feed, count: int) -> None:
        """Take what is there already, then listen until so many more live decisions came."""
        while (message := monitor.next(0)) is not None:
            self.take(message)
        enough = len(self.live) + count

        def are_enough() -> bool:
            message = monitor.next(0.1)
            if message is not None:
                self.take(message)
            return len(self.live) >= enough

        until(are_enough, f"{count} live decisions", 30)

    def listen_for_history(self, monitor: Feed, events: frozenset[str]) -> None:
        """Listen until each of these events came as history."""

        def are_all() -> bool:
            message = monitor.next(0.1)
            if message is not None:
                self.take(message)
            return events <= self.history

        until(are_all, "the history of what nobody heard", 30)


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
    decider = threading.Thread(
        target=_decide, args=(journal, link, delivery.wake, keys, over, dropped)
    )
    heard = Heard(EventChecker(DOOR, {keys.keyid: keys.public}))
    with Feed("127.0.0.1", broker.port, topics=(TOPICS.event, TOPICS.audit)) as monitor:
        decider.start()
        draw = random.Random(7)
        for _ in range(5):
            heard.listen(monitor, 5)
            missed = frozenset(dropped)
            broker.kill()
            until(lambda: dropped > missed, "a decision that nobody hears", 30)  # noqa: B023
            time.sleep(draw.uniform(0.0, 1.0))  # any moment may be the worst
            broker.start()
        heard.listen(monitor, 5)
        # A broker forgets who subscribed when it dies, so history that it takes before the monitor
        # is back reaches nobody: this last time the door keeps its history until the monitor hears.
        delivery.stop()
        broker.kill()
        known = frozenset(dropped)
        until(lambda: len(dropped - known) >= 5, "five decisions that nobody hears", 30)
        kept = dropped - known
        broker.start()
        heard.listen(monitor, 5)
        delivery = OutboxDelivery(journal, link)
        delivery.start()
        over.set()
        decider.join()
        until(lambda: journal.outbox_length() == 0, "all history to be delivered", 30)
        heard.listen_for_history(monitor, frozenset(kept))
        for message in came(monitor):
            heard.take(message)
    delivery.stop()
    link.stop()
    journal.close()
    assert heard.refused == [], "no live decision came late or twice"
    assert dropped, "some were decided while it was away"
    assert not dropped & set(heard.live)
    assert len(heard.live) == len(set(heard.live)) >= 30


def _decide(
    journal: Journal,
    link: MqttLink,
    wake: Callable[[], None],
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
        result, _ = link.publish.live(event, expires_at=entry.expires_at, now=now)
        if result is not LiveResult.HANDED_OVER:
            dropped.add(entry.event_id)
        wake()
