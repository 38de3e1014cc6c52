"""A door and its broker, both real: what is said while it is there, and what never is."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from pathlib import Path

from edgeverify.client import Feed
from edgeverify.errors import JournalUnavailableError
from edgeverify.events import EventKind, Topics, encode_event, encode_status, parse_event
from edgeverify.journal import Journal
from edgeverify.mqtt import LiveResult, OutboxDelivery
from edgeverify.mqtt.delivery import Waiting
from tests.brokers import Mosquitto
from tests.doors import DOOR, NOON, decided, door_keys
from tests.mqtt.conftest import Claims, LinkMaker, came, collect, everything
from tests.waiting import patience, until

TOPICS = Topics(DOOR)


def _now() -> datetime:
    return datetime.now(timezone.utc)


def test_a_claim_comes_in(broker: Mosquitto, make_link: LinkMaker) -> None:
    claims = Claims()
    link = make_link(broker.port, claims=claims)
    assert link.wait_connected(patience(5))
    assert link.state.protocol == "5"
    with everything(broker.port) as reader:
        reader.publish(TOPICS.claim, b"hello")
    assert claims.came.wait(patience(5))
    assert claims.arrivals[0].payload == b"hello"
    assert not claims.arrivals[0].is_retained


def test_a_claim_retained_at_the_broker_can_be_told(
    broker: Mosquitto, make_link: LinkMaker
) -> None:
    with everything(broker.port) as reader:
        assert reader._client is not None
        reader._client.publish(TOPICS.claim, b"old", qos=1, retain=True).wait_for_publish(
            patience(5)
        )
    claims = Claims()
    link = make_link(broker.port, claims=claims)
    assert claims.came.wait(patience(5))
    assert claims.arrivals[0].is_retained
    # also one that is published with the flag while the door listens
    claims.came.clear()
    assert link.wait_connected(patience(5))
    with everything(broker.port) as reader:
        assert reader._client is not None
        reader._client.publish(TOPICS.claim, b"new", qos=1, retain=True).wait_for_publish(
            patience(5)
        )
    assert claims.came.wait(patience(5))
    assert claims.arrivals[-1].is_retained


def test_the_status_is_retained_and_the_last_will_says_offline(
    broker: Mosquitto, make_link: LinkMaker
) -> None:
    link = make_link(broker.port)
    link.set_status(encode_status("online", DOOR, at=_now()))
    assert link.wait_connected(patience(5))
    with everything(broker.port) as reader:
        (message,) = collect(reader, 1)
        assert json.loads(message.payload)["state"] == "online"
        # the door's power is cut: its socket goes without DISCONNECT
        connection = link._connection
        assert connection is not None
        link._stop.set()
        connection.abort()
        (message,) = collect(reader, 1)
        assert json.loads(message.payload)["state"] == "offline"
    with everything(broker.port) as late:
        (message,) = collect(late, 1)
        assert message.is_retained
        assert json.loads(message.payload)["state"] == "offline"


def test_an_orderly_end_leaves_offline_behind(broker: Mosquitto, make_link: LinkMaker) -> None:
    link = make_link(broker.port)
    link.set_status(encode_status("online", DOOR, at=_now()))
    assert link.wait_connected(patience(5))
    link.stop(last_status=encode_status("offline", DOOR, at=_now()))
    with everything(broker.port) as reader:
        (message,) = collect(reader, 1)
    status = json.loads(message.payload)
    assert status["state"] == "offline"
    assert status["at"] is not None, "the last will has no time; this was the orderly one"


def test_a_live_decision_is_acknowledged_and_not_retained(
    broker: Mosquitto, make_link: LinkMaker, tmp_path: Path
) -> None:
    keys = door_keys(tmp_path)
    journal = Journal.open(tmp_path / "journal.sqlite", now=NOON).journal
    link = make_link(broker.port)
    assert link.wait_connected(patience(5))
    with everything(broker.port) as reader:
        entry = decided("one")
        event = encode_event(journal.record(entry, keys), EventKind.LIVE)
        result, publication = link.publish.live(event, expires_at=entry.expires_at, now=_now())
        assert result is LiveResult.HANDED_OVER
        assert publication is not None
        assert publication.wait(patience(5))
        (message,) = collect(reader, 1)
        assert message.topic == TOPICS.event
        assert message.payload == event
    with everything(broker.port) as late:
        assert came(late) == []
    journal.close()


def test_a_decision_with_less_than_a_second_left_is_not_sent(
    broker: Mosquitto, make_link: LinkMaker
) -> None:
    link = make_link(broker.port)
    assert link.wait_connected(patience(5))
    now = _now()
    soon = now + timedelta(seconds=0.9)
    assert link.publish.live(b"{}", expires_at=soon, now=now)[0] is LiveResult.DROPPED_EXPIRED


def test_a_grant_decided_while_the_broker_is_away_is_history_and_never_an_event(
    broker: Mosquitto, make_link: LinkMaker, tmp_path: Path
) -> None:
    keys = door_keys(tmp_path)
    journal = Journal.open(tmp_path / "journal.sqlite", now=NOON).journal
    link = make_link(broker.port)
    assert link.wait_connected(patience(5))
    delivery = OutboxDelivery(journal, link)
    delivery.start()

    entry = decided("lost")
    signed = journal.record(entry, keys)  # the decision is down ...
    broker.kill()  # ... the broker goes ...
    event = encode_event(signed, EventKind.LIVE)
    # ... and the publication comes within the same moment, before anybody has noticed
    link.publish.live(event, expires_at=entry.expires_at, now=_now())
    until(lambda: not link.state.is_connected, "the loss to be noticed")
    later = decided("later")
    result, _ = link.publish.live(
        encode_event(journal.record(later, keys), EventKind.LIVE),
        expires_at=later.expires_at,
        now=_now(),
    )
    assert result is LiveResult.DROPPED_OFFLINE

    broker.start()
    with everything(broker.port) as reader:
        until(lambda: journal.outbox_length() == 0, "both to be delivered")
        seen = came(reader)
    delivery.stop()
    assert [m for m in seen if m.topic == TOPICS.event] == []
    history = [parse_event(m.payload) for m in seen if m.topic == TOPICS.audit]
    assert [h.kind for h in history] == [EventKind.HISTORY] * len(history)
    journal.close()


def test_a_feed_reconnects(broker: Mosquitto, make_link: LinkMaker) -> None:
    with Feed("127.0.0.1", broker.port, topics=(TOPICS.prompt,)) as feed:
        broker.kill()
        broker.start()
        link = make_link(broker.port)
        assert link.wait_connected(patience(5))
        heard: list[bytes] = []

        def is_heard() -> bool:
            link.publish.prompt(b"look", seconds=3)
            message = feed.next(0.3)
            heard.extend([] if message is None else [message.payload])
            return bool(heard)

        until(is_heard, "the feed to be back")
        assert heard[0] == b"look"


class _NoJournal:
    """An outbox on a disk that is full."""

    def __init__(self) -> None:
        self.asked = 0

    def outbox(self, after: int = 0, limit: int = 200) -> list[Waiting]:
        self.asked += 1
        raise JournalUnavailableError(f"{after}, {limit}: disk I/O error, as its disk is full")

    def mark_sent(self, sequences: Iterable[int]) -> None:
        raise AssertionError(f"nothing was sent: {list(sequences)}")


def test_a_journal_that_cannot_be_read_is_not_called_the_broker_s_fault(
    broker: Mosquitto, make_link: LinkMaker
) -> None:
    """`history_stuck` sends people to the broker; this is named as a fault of the journal."""
    outbox = _NoJournal()
    delivery = OutboxDelivery(outbox, make_link(broker.port))
    delivery.start()
    until(lambda: outbox.asked > 1, "the outbox to be asked again", 30)
    assert delivery.problem == ""
    delivery.stop()
