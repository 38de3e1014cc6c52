"""A signing key that goes without a rotation is told, and never becomes another one silently."""

from __future__ import annotations

import errno
import json
import os
from base64 import b64encode
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from edgeverify.daemon.sealed_facts import PURPOSE, USED_FACT, SealedFacts, StateFiles, witness
from edgeverify.daemon.signing_key import KeyRing
from edgeverify.domain import FaultName
from edgeverify.journal import Journal
from edgeverify.state import open_state
from tests.doors import NOON

MASTER = bytes(range(32))


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal.open(tmp_path / "journal.sqlite", now=NOON).journal
    yield opened
    opened.close()


def _start(journal: Journal, path: Path, days: int) -> tuple[str, list[FaultName]]:
    """Start a door so many days later; the key that signs, and what is said of it."""
    now = NOON + timedelta(days=days)
    ring = KeyRing(path, now=now)
    told = witness(journal, ring, path, MASTER, now=now)
    return ring.current.keyid, [one.name for one in told]


def test_the_first_key_and_the_same_key_are_no_news(tmp_path: Path, journal: Journal) -> None:
    path = tmp_path / "signing-keys.json"
    first, told = _start(journal, path, 0)
    assert told == []
    assert _start(journal, path, 1) == (first, [])


def test_a_rotation_is_no_news_wherever_it_was_made(tmp_path: Path, journal: Journal) -> None:
    path = tmp_path / "signing-keys.json"
    _start(journal, path, 0)
    old, new = KeyRing(path, now=NOON).rotate(
        door="front-door", now=NOON + timedelta(days=1), previous_days=0
    )
    assert _start(journal, path, 2) == (new.keyid, [])
    assert old.keyid != new.keyid


@pytest.mark.parametrize("previous_days", [0, 1, 30])
def test_rotations_while_the_door_slept_are_no_news(
    tmp_path: Path, journal: Journal, previous_days: int
) -> None:
    path = tmp_path / "signing-keys.json"
    _start(journal, path, 0)
    for days in (100, 200, 300):
        _, new = KeyRing(path, now=NOON).rotate(
            door="front-door", now=NOON + timedelta(days=days), previous_days=previous_days
        )
    assert _start(journal, path, 400) == (new.keyid, [])
    assert list(new.accepted(NOON + timedelta(days=400))) == [new.keyid], "the old ones are over"


def test_a_deleted_key_is_told_until_it_is_back(tmp_path: Path, journal: Journal) -> None:
    path = tmp_path / "signing-keys.json"
    first, _ = _start(journal, path, 0)
    kept = path.read_bytes()
    path.unlink()
    second, told = _start(journal, path, 1)
    assert second != first
    assert told == [FaultName.SIGNING_KEY_REPLACED]
    assert _start(journal, path, 2) == (second, told), "a restart does not forget it"
    path.write_bytes(kept)
    path.chmod(0o600)
    assert _start(journal, path, 3) == (first, []), "restored from a backup"


def test_a_changed_key_is_moved_aside_and_signs_nothing(tmp_path: Path, journal: Journal) -> None:
    path = tmp_path / "signing-keys.json"
    _start(journal, path, 0)
    record = json.loads(path.read_text())
    record["private"] = b64encode(bytes(range(32))).decode()
    path.write_text(json.dumps(record))
    planted = KeyRing(path, now=NOON).current.keyid
    signs, told = _start(journal, path, 1)
    assert told == [FaultName.SIGNING_KEY_REPLACED]
    assert signs != planted
    (aside,) = tmp_path.glob("signing-keys.json.changed-*")
    assert json.loads(aside.read_text()) == record


def test_what_is_remembered_is_not_believed_without_the_master_key(
    tmp_path: Path, journal: Journal
) -> None:
    path = tmp_path / "signing-keys.json"
    first, _ = _start(journal, path, 0)
    journal.keep_fact(USED_FACT, f"{'0' * 16} {'0' * 64}")
    assert _start(journal, path, 1) == (first, [])


def test_a_full_table_of_open_files_is_no_change(
    tmp_path: Path, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be read now was not changed, and is not sealed as if it were unreadable."""
    state = open_state(tmp_path / "state", "front-door")
    state.signing_keys.write_text("a key")
    files = StateFiles(state, SealedFacts(journal, MASTER, PURPOSE))
    assert files.look() == ()

    def full(_path: Path) -> bytes:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    with monkeypatch.context() as patched:
        patched.setattr(Path, "read_bytes", full)
        assert files.look() == ()
    assert files.look() == ()
    state.signing_keys.write_text("another")
    assert [one.name for one in files.look()] == [FaultName.STATE_CHANGED]
