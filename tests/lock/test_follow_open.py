"""A lock that follows a door's open mode: at a real broker, by the door's signature alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from edgeverify.domain import DoorMode
from edgeverify.events import ModeStatement, encode_status, state_mode
from edgeverify.keys import SigningKeys
from tests.brokers import Mosquitto, mosquitto, publish
from tests.doors import DOOR, door_keys
from tests.lock.stage import TOPICS, Lock, lock
from tests.waiting import until


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with mosquitto(tmp_path / "broker") as running:
        yield running


def _status(signer: SigningKeys, *, age: float = 0.0, seconds: float = 45.0) -> bytes:
    issued = datetime.now(timezone.utc) - timedelta(seconds=age)
    ends = issued + timedelta(seconds=seconds)
    said = ModeStatement(door=DOOR, mode=DoorMode.OPEN, issued_at=issued, expires_at=ends)
    mode = {"name": "open", "statement": state_mode(said, signer)}
    return encode_status("online", DOOR, at=issued, details={"mode": mode})


def _closed() -> bytes:
    return encode_status("online", DOOR, at=datetime.now(timezone.utc))


def _moved(running: Lock, *moves: str) -> None:
    until(lambda: running.moves == list(moves), f"the relay: {moves}", 20)


def test_it_opens_for_the_doors_word_and_locks_with_the_broker_and_without_the_word(
    broker: Mosquitto, tmp_path: Path
) -> None:
    keys = door_keys(tmp_path)
    (tmp_path / "forger").mkdir()
    forger = door_keys(tmp_path / "forger")
    with lock(tmp_path / "lock", broker, keys, "follow_open: true") as running:
        until(lambda: "the broker is there" in running.log, "the connection", 20)
        old = _status(keys, age=30)
        for raw in (_status(forger), _status(keys, seconds=90), old):
            publish(broker, TOPICS.status, raw)
        publish(broker, TOPICS.event, b"nonsense")
        until(lambda: "a decision was refused" in running.log, "what came after them", 20)
        assert "mode was not taken" in running.log
        assert "released" not in running.moves
        publish(broker, TOPICS.status, _status(keys))
        _moved(running, "resting", "released")
        publish(broker, TOPICS.status, _closed())
        _moved(running, "resting", "released", "resting")
        publish(broker, TOPICS.status, _status(keys))
        _moved(running, "resting", "released", "resting", "released")
        broker.stop()
        _moved(running, "resting", "released", "resting", "released", "resting")


def test_a_lock_that_was_not_told_to_follow_does_not(broker: Mosquitto, tmp_path: Path) -> None:
    keys = door_keys(tmp_path)
    with lock(tmp_path / "lock", broker, keys) as running:
        until(lambda: "the broker is there" in running.log, "the connection", 20)
        publish(broker, TOPICS.status, _status(keys))
        publish(broker, TOPICS.event, b"nonsense")
        until(lambda: "a decision was refused" in running.log, "what came after it", 20)
        assert "released" not in running.moves
