"""The lock program at a real broker: what opens the door, what must not, and what it says."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from edgeverify.clock import TIMESYNC_FLAG, kernel_says_synchronised
from edgeverify.daemon.signing_key import KeyRing
from edgeverify.domain import Outcome
from edgeverify.events import NEXT_KEY, SIGNING_KEY, NextKey, announce, encode_status
from edgeverify.keys import SigningKeys
from tests.brokers import Mosquitto, mosquitto, publish
from tests.doors import DOOR, decided, door_keys, event_of, public_pem
from tests.lock.stage import TOPICS, Lock, Reports, lock
from tests.waiting import until


@pytest.fixture
def keys(tmp_path: Path) -> SigningKeys:
    return door_keys(tmp_path)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with mosquitto(tmp_path / "broker") as running:
        yield running


def _connected(running: Lock) -> None:
    until(lambda: "the broker is there" in running.log, "the lock to connect", 20)


def _opened(running: Lock, times: int) -> None:
    until(
        lambda: running.moves.count("released") == times and running.moves[-1] == "resting",
        f"{times} releases and their ends",
        20,
    )


def test_a_lock_left_beside_a_panel_opens_nothing_and_says_why(
    broker: Mosquitto, keys: SigningKeys, tmp_path: Path
) -> None:
    with lock(tmp_path / "lock", broker, keys) as running, Reports(broker) as reports:
        _connected(running)
        publish(broker, TOPICS.event, event_of(keys, 5, decided("panel's", opened_by="panel")))
        until(lambda: "run no lock program for it" in running.log, "the refusal")
        until(lambda: any("panel" in str(one.faults) for one in reports.seen), "the fault")
        assert "released" not in running.moves
        publish(broker, TOPICS.event, event_of(keys, 6, decided("ours")))
        _opened(running, 1)


def test_a_grant_releases_the_door_for_its_pulse_and_nothing_else_does(
    broker: Mosquitto, keys: SigningKeys, tmp_path: Path
) -> None:
    (tmp_path / "stranger").mkdir()
    stranger = door_keys(tmp_path / "stranger")
    late = decided("late", at=datetime.now(timezone.utc) - timedelta(minutes=1))
    with lock(tmp_path / "lock", broker, keys) as running, Reports(broker) as reports:
        _connected(running)
        for raw in (
            b"open sesame",
            event_of(stranger, 5, decided("stranger")),
            event_of(keys, 6, late),
            event_of(keys, 7, decided("no", outcome=Outcome.DENY)),
            event_of(keys, 8, decided("yes")),
            event_of(keys, 8, decided("yes")),
        ):
            publish(broker, TOPICS.event, raw)
        _opened(running, 1)
        until(lambda: reports.states[-1:] == ["locked"] and "open" in reports.states, "its reports")
        assert "a decision was refused" in running.log
        opening = next(each for each in reports.seen if each.state.value == "open")
        assert (opening.cause.value, opening.event_id) == ("grant", "event-yes")
        assert opening.is_released
        assert opening.is_open is None


def test_a_lock_that_was_started_again_opens_for_nothing_old(
    broker: Mosquitto, keys: SigningKeys, tmp_path: Path
) -> None:
    with lock(tmp_path / "lock", broker, keys) as running:
        _connected(running)
        grant = event_of(keys, 7, decided("once"))
        publish(broker, TOPICS.event, grant)
        _opened(running, 1)
        assert running.end() == 0
        (running.folder / "lock.log").write_text("")
        running.start()
        _connected(running)
        publish(broker, TOPICS.event, grant)
        until(lambda: "not above 7" in running.log, "the repeat to be refused")
        assert running.moves.count("released") == 1


def test_a_retained_grant_opens_nothing(
    broker: Mosquitto, keys: SigningKeys, tmp_path: Path
) -> None:
    with lock(tmp_path / "lock", broker, keys) as running:
        _connected(running)
        broker.stop()
        until(lambda: "the broker is gone" in running.log, "the lock to see it")
        broker.start()
        _retain(broker, event_of(keys, 9, decided("kept")))
        running.end()
        running.start()
        until(lambda: "was retained" in running.log, "the retained grant to be refused", 20)
        assert "released" not in running.moves


def _retain(broker: Mosquitto, payload: bytes) -> None:
    command = ["mosquitto_pub", "-h", "127.0.0.1", "-p", str(broker.port), "-q", "1", "-r", "-s"]
    subprocess.run([*command, "-t", TOPICS.event], input=payload, check=True)


def test_a_broker_that_goes_during_a_release_holds_no_door_open(
    broker: Mosquitto, keys: SigningKeys, tmp_path: Path
) -> None:
    with lock(tmp_path / "lock", broker, keys, pulse_seconds=1.0) as running:
        _connected(running)
        publish(broker, TOPICS.event, event_of(keys, 7, decided("yes")))
        until(lambda: "released" in running.moves, "the release")
        broker.kill()
        _opened(running, 1)
        until(lambda: "the broker is gone" in running.log, "the lock to see it")
        broker.start()
        with Reports(broker) as reports:
            until(lambda: reports.states[-1:] == ["locked"], "its state after the outage", 20)


def test_the_next_key_is_believed_once_the_present_one_has_announced_it(
    broker: Mosquitto, keys: SigningKeys, tmp_path: Path
) -> None:
    (tmp_path / "next").mkdir()
    following = door_keys(tmp_path / "next")
    now = datetime.now(timezone.utc)
    announced = announce(NextKey(door=DOOR, public=following.public, begins_at=now), keys)
    forged = announce(NextKey(door=DOOR, public=following.public, begins_at=now), following)
    with lock(tmp_path / "lock", broker, keys) as running:
        _connected(running)
        publish(broker, TOPICS.event, event_of(following, 5, decided("early")))
        for each in (forged, announced):
            publish(
                broker,
                TOPICS.status,
                encode_status("online", DOOR, at=now, details={NEXT_KEY: each}),
            )
        until(lambda: "announced its next key" in running.log, "the announcement")
        assert running.log.count("the next key was not taken") == 1
        assert "released" not in running.moves
        running.end()
        running.start()
        until(lambda: running.log.count("the broker is there") == 2, "the lock to be back", 20)
        publish(broker, TOPICS.event, event_of(keys, 6, decided("old key")))
        _opened(running, 1)
        publish(broker, TOPICS.event, event_of(following, 7, decided("new key")))
        _opened(running, 2)


def test_a_lock_that_missed_two_rotations_names_it_before_anybody_is_kept_out(
    broker: Mosquitto, keys: SigningKeys, tmp_path: Path
) -> None:
    now = datetime.now(timezone.utc)
    (tmp_path / "door").mkdir()
    ring = KeyRing(tmp_path / "door" / "signing-keys.json", now=now)
    for _ in range(2):
        ring.rotate(door=DOOR, now=now, previous_days=30)
    status = encode_status(
        "online",
        DOOR,
        at=now,
        details={
            NEXT_KEY: dict(ring.announcement or {}),
            SIGNING_KEY: {"keyid": ring.current.keyid},
        },
    )
    publish(broker, TOPICS.status, status, retain=True)
    with lock(tmp_path / "lock", broker, keys) as running, Reports(broker) as reports:
        until(lambda: any("key" in str(one.faults) for one in reports.seen), "the fault")
        assert running.log.count("Put what `edgeverify keys show --pem` prints") == 1
        assert ring.current.keyid in running.log
        publish(broker, TOPICS.status, encode_status("offline", DOOR, at=None), retain=True)
        running.end()
        public_pem(running.folder, ring.current.public)
        publish(broker, TOPICS.status, status, retain=True)
        running.start()
        until(lambda: reports.seen[-1].faults == (), "the end of the fault", 20)
        publish(broker, TOPICS.event, event_of(ring.current, 5, decided("yes")))
        _opened(running, 1)


def test_time_that_is_not_set_refuses(broker: Mosquitto, keys: SigningKeys, tmp_path: Path) -> None:
    if kernel_says_synchronised() or TIMESYNC_FLAG.exists():
        pytest.skip("this machine's clock is set, as it should be; the clock's own test goes on")
    with lock(tmp_path / "lock", broker, keys) as running, Reports(broker) as reports:
        running.end()
        text = running.config.read_text().replace("allow_unsynced_clock: true", "")
        running.config.write_text(text)
        running.start()
        until(lambda: running.log.count("the broker is there") == 2, "the lock to be back", 20)
        publish(broker, TOPICS.event, event_of(keys, 7, decided("yes")))
        until(lambda: any("clock" in "".join(r.faults) for r in reports.seen), "the fault")
        assert "released" not in running.moves


def test_a_lock_that_vanishes_is_told_by_its_last_will(
    broker: Mosquitto, keys: SigningKeys, tmp_path: Path
) -> None:
    with lock(tmp_path / "lock", broker, keys) as running, Reports(broker) as reports:
        until(lambda: reports.states == ["locked"], "its first state", 20)
        running.end(signal.SIGKILL)
        until(lambda: reports.states[-1] == "unknown", "the last will")
        assert reports.seen[-1].at is None
        running.start()
        until(lambda: reports.states[-1] == "locked", "its state", 20)
        assert running.end() == 0
        until(lambda: reports.states[-1] == "unknown", "its last word")
        assert reports.seen[-1].at is not None


def test_without_a_broker_it_stands_locked_and_goes_on_trying(
    broker: Mosquitto, keys: SigningKeys, tmp_path: Path
) -> None:
    broker.stop()
    with lock(tmp_path / "lock", broker, keys) as running:
        until(lambda: "cannot be used" in running.log, "its complaint")
        broker.start()
        _connected(running)
        publish(broker, TOPICS.event, event_of(keys, 7, decided("yes")))
        _opened(running, 1)


def test_a_number_that_cannot_be_kept_opens_nothing(
    broker: Mosquitto, keys: SigningKeys, tmp_path: Path
) -> None:
    with lock(tmp_path / "lock", broker, keys) as running, Reports(broker) as reports:
        _connected(running)
        (running.folder / "state").rename(running.folder / "gone")
        publish(broker, TOPICS.event, event_of(keys, 7, decided("yes")))
        until(lambda: any("last sequence" in "".join(r.faults) for r in reports.seen), "the fault")
        assert "released" not in running.moves
    assert json.loads(reports.raw[-1].payload)["type"] == "edgeverify.lock.v1"
    assert not [one for one in reports.raw if str(running.folder).encode() in one.payload]
    assert str(running.folder) in running.log
