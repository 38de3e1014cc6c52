"""A key is announced, begins when its time has come, and nobody who followed is shut out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from edgeverify.client.subscriber_state import AnnouncedKeys
from edgeverify.daemon.signing_key import KeyRing
from edgeverify.errors import EventError, KeyUnusableError
from edgeverify.events import NEXT_KEY, encode_status
from edgeverify.key_rotation import (
    NEXT_KEY_FILE,
    accepted_keys,
    announce_next_key,
    begin_next_key,
    read_announced,
)
from edgeverify.keys import load_signing_keys

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=timezone.utc)
DOOR = "front-door"
DAYS = 30


@pytest.fixture
def path(tmp_path: Path) -> Path:
    load_signing_keys(tmp_path / "signing-keys.json", now=NOW)
    return tmp_path / "signing-keys.json"


@pytest.fixture
def ring(path: Path) -> KeyRing:
    return KeyRing(path, now=NOW)


@pytest.fixture
def look(ring: KeyRing) -> Callable[[float], bool]:
    return lambda days: ring.look(door=DOOR, now=NOW + timedelta(days=days), previous_days=DAYS)


def status(ring: KeyRing) -> bytes:
    record = ring.announcement
    return encode_status(
        "online", DOOR, at=NOW, details={} if record is None else {NEXT_KEY: dict(record)}
    )


def test_an_announced_key_signs_when_its_time_has_come_and_not_before(
    ring: KeyRing, path: Path, look: Callable[[float], bool]
) -> None:
    first = ring.current
    following = ring.announce(door=DOOR, begins_at=NOW + timedelta(days=7))
    assert look(0)  # the status is to be told
    assert not look(6.99)
    assert ring.current.keyid == first.keyid
    assert set(accepted_keys(path, NOW)) == {first.keyid, following.keyid}
    assert look(7)
    assert ring.current.keyid == following.keyid
    assert load_signing_keys(path, now=NOW).keyid == following.keyid
    assert set(accepted_keys(path, NOW + timedelta(days=8))) == {first.keyid, following.keyid}
    # Who was away meanwhile can still learn it, until the old key no longer counts.
    assert NEXT_KEY.encode() in status(ring)
    assert not look(36.9)
    assert look(37)
    assert NEXT_KEY.encode() not in status(ring)
    assert not path.with_name(NEXT_KEY_FILE).exists()
    assert not look(38)


def test_a_lock_that_follows_the_status_is_never_shut_out(
    ring: KeyRing, path: Path, tmp_path: Path, look: Callable[[float], bool]
) -> None:
    kept_beside = tmp_path / "lock.sequence"
    kept = tmp_path / "lock.announced.pem"
    lock = AnnouncedKeys(DOOR, {ring.current.keyid: ring.current.public}, kept_beside)
    asleep = AnnouncedKeys(DOOR, {ring.current.keyid: ring.current.public})
    assert lock.learn(status(ring)) is None
    for begins in (7, 14, 21):
        ring.announce(door=DOOR, begins_at=NOW + timedelta(days=begins))
        learnt = lock.learn(status(ring))
        assert learnt is not None
        assert lock.learn(status(ring)) is None
        assert look(begins)
        assert ring.current.keyid == learnt.keyid
        assert ring.current.keyid in lock.believed
        if begins == 7:
            # It comes back after the switch, and the announcement is still there for it.
            found = asleep.learn(status(KeyRing(path, now=NOW)))
            assert found is not None
            assert found.keyid == ring.current.keyid
    # Over a restart of the lock, which was given the first key alone.
    again = AnnouncedKeys(DOOR, {}, kept_beside)
    assert set(again.believed) == set(lock.believed) - {next(iter(lock.believed))}
    assert kept.stat().st_mode & 0o777 == 0o600


def test_a_forged_announcement_is_not_believed(ring: KeyRing, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    forger = KeyRing(tmp_path / "other" / "signing-keys.json", now=NOW)
    forger.announce(door=DOOR, begins_at=NOW)
    lock = AnnouncedKeys(DOOR, {ring.current.keyid: ring.current.public})
    with pytest.raises(EventError, match="announced by the unknown key"):
        lock.learn(status(forger))
    assert set(lock.believed) == {ring.current.keyid}


def test_without_an_announcement_a_key_that_begins_at_once_is_announced_too(
    ring: KeyRing, look: Callable[[float], bool]
) -> None:
    lock = AnnouncedKeys(DOOR, {ring.current.keyid: ring.current.public})
    old, new = ring.rotate(door=DOOR, now=NOW, previous_days=DAYS)
    assert look(0)
    learnt = lock.learn(status(ring))
    assert learnt is not None
    assert learnt.keyid == new.keyid == ring.current.keyid != old.keyid


def test_announced_twice_it_is_the_same_key_at_another_time(ring: KeyRing) -> None:
    one = ring.announce(door=DOOR, begins_at=NOW + timedelta(days=7))
    two = ring.announce(door=DOOR, begins_at=NOW + timedelta(days=3))
    assert one.keyid == two.keyid
    assert two.begins_at == NOW + timedelta(days=3)


def test_over_a_restart_the_announcement_and_its_time_stand(path: Path) -> None:
    made = announce_next_key(path, door=DOOR, begins_at=NOW + timedelta(days=7))
    ring = KeyRing(path, now=NOW)
    assert ring.announcement == made.record
    assert ring.look(door=DOOR, now=NOW + timedelta(days=8), previous_days=DAYS)
    assert ring.current.keyid == made.keyid
    assert b"private" in path.with_name(NEXT_KEY_FILE).read_bytes()
    left = read_announced(path)
    assert left is not None
    assert left.private is None


def test_killed_between_its_two_files_it_is_finished_at_the_next_look(path: Path) -> None:
    made = announce_next_key(path, door=DOOR, begins_at=NOW)
    announced = path.with_name(NEXT_KEY_FILE).read_bytes()
    begin_next_key(path, made, now=NOW, previous_days=DAYS)
    path.with_name(NEXT_KEY_FILE).write_bytes(announced)  # as it was before the second write
    ring = KeyRing(path, now=NOW)
    assert ring.look(door=DOOR, now=NOW, previous_days=DAYS)
    assert ring.current.keyid == made.keyid
    assert len(ring.current.previous) == 1
    left = read_announced(path)
    assert left is not None
    assert left.private is None


@pytest.mark.parametrize("content", [b"", b"{}", b"\x00", b'{"schema_version": 1}'])
def test_a_damaged_file_is_named_and_stops_no_door(path: Path, content: bytes) -> None:
    path.with_name(NEXT_KEY_FILE).write_bytes(content)
    path.with_name(NEXT_KEY_FILE).chmod(0o600)
    with pytest.raises(KeyUnusableError, match="the file of the next signing key"):
        read_announced(path)
    ring = KeyRing(path, now=NOW)
    assert ring.announcement is None
    assert not ring.look(door=DOOR, now=NOW, previous_days=DAYS)


@pytest.mark.parametrize("damage", [b"", b"\0" * 4096, b"-----BEGIN PUBLIC KEY-----\nMCow"])
def test_a_damaged_file_of_announced_keys_leaves_a_lock_its_given_ones(
    damage: bytes, ring: KeyRing, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    kept_beside = tmp_path / "door.sequence"
    kept_beside.with_suffix(".announced.pem").write_bytes(damage)
    given = {ring.current.keyid: ring.current.public}
    lock = AnnouncedKeys(DOOR, dict(given), kept_beside)
    assert lock.believed == given
    assert "only those that were given are believed now" in caplog.text
    ring.announce(door=DOOR, begins_at=NOW)
    assert lock.learn(status(ring)) is not None
    assert len(AnnouncedKeys(DOOR, dict(given), kept_beside).believed) == 2
