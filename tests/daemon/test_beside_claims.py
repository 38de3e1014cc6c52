"""What a lock says at a real broker stands in the door's journal, each change once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from random import Random

import pytest

from edgeverify.client import Feed
from edgeverify.daemon.beside_claims import LockJournal
from edgeverify.domain import Asker
from edgeverify.events import LockCause, LockReport, LockState, Topics, last_will
from edgeverify.journal import Journal
from edgeverify.journal.reading import acts
from edgeverify.mqtt import Credentials, MqttLink
from edgeverify.mqtt.party import Arrival, ClientId
from edgeverify.settings import JournalSettings, MqttSettings
from tests.brokers import mosquitto
from tests.doors import DOOR, NOON
from tests.waiting import patience, until


def _report(name: str, state: LockState, cause: LockCause = LockCause.EXIT_BUTTON) -> bytes:
    return LockReport(
        id=name,
        door=DOOR,
        state=state,
        cause=cause,
        is_released=False,
        is_open=True,
        at=NOON,
        event_id="",
    ).to_bytes()


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal.open(tmp_path / "journal.sqlite", now=NOON).journal
    yield opened
    opened.close()


def _heard(journal: Journal, *messages: bytes, wall: Callable[[], datetime]) -> LockJournal:
    lock = LockJournal(journal, door=DOOR, wall=wall)
    for message in messages:
        lock.heard(Arrival(message, is_retained=True, asker=Asker(topic="")))
    lock.write()
    return lock


def test_an_exit_by_the_button_is_journalled_once_however_often_it_comes(journal: Journal) -> None:
    opened = _report("l-1", LockState.OPENED_WITHOUT_GRANT)
    _heard(journal, opened, opened, b"nonsense", wall=lambda: NOON)
    _heard(journal, opened, last_will(DOOR), wall=lambda: NOON + timedelta(minutes=1))
    found = acts(journal.path)
    assert [(act.act, act.by_user) for act in reversed(found)] == [
        ("lock opened_without_grant (exit_button)", "edgeverify-lock"),
        ("lock unknown (gone)", "edgeverify-lock"),
    ]
    assert found[0].at == NOON + timedelta(minutes=1), "the last will has no time of its own"


def test_another_doors_lock_is_not_taken(journal: Journal) -> None:
    raw = _report("l-1", LockState.FORCED).replace(DOOR.encode(), b"back-door")
    assert _heard(journal, raw, wall=lambda: NOON).latest is None
    assert acts(journal.path) == ()


def test_what_the_journal_cannot_hold_now_waits(journal: Journal) -> None:
    journal.close()
    lock = _heard(journal, _report("l-1", LockState.FORCED), wall=lambda: NOON)
    journal.probe(NOON)
    lock.write()
    assert [act.act for act in acts(journal.path)] == ["lock forced (exit_button)"]


def test_a_locks_states_go_with_the_decisions_and_what_people_did_stays(journal: Journal) -> None:
    journal.unlock("0012345", at=NOON, by_user="ada")
    _heard(journal, _report("l-1", LockState.OPEN), wall=lambda: NOON)
    journal.prune(NOON + timedelta(days=91), JournalSettings(retention_days=90))
    assert [act.act for act in acts(journal.path)] == ["unlock"]


def test_a_running_door_hears_its_lock(journal: Journal, tmp_path: Path) -> None:

    lock = LockJournal(journal, door=DOOR, wall=lambda: datetime.now(timezone.utc))
    with mosquitto(tmp_path / "broker") as broker:
        settings = MqttSettings(host="127.0.0.1", port=broker.port)
        claims: list[Arrival] = []
        link = MqttLink(
            settings,
            DOOR,
            Credentials(),
            on_claim=claims.append,
            on_lock=lock.heard,
            client_id=ClientId(DOOR, bytes(32)),
            random=Random(1),
        )
        link.start()
        assert link.wait_connected(patience(5))
        with Feed("127.0.0.1", broker.port, topics=(Topics(DOOR).lock,)) as feed:
            feed.publish(Topics(DOOR).lock, _report("l-1", LockState.FORCED), retain=True)
            until(lambda: lock.latest is not None, "the door to hear its lock")
        link.stop()
    lock.write()
    assert [act.act for act in acts(journal.path)] == ["lock forced (exit_button)"]
    assert claims == []
