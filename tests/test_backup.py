"""Backup and restore: whole, private, of the right door, and numbers only go up."""

from __future__ import annotations

import io
import json
import sqlite3
import tarfile
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import pytest

from edgeverify.atomic_file import write_whole
from edgeverify.backup import (
    SEQUENCE_GAP,
    Backup,
    collect,
    read_backup,
    restore_backup,
    write_backup,
)
from edgeverify.domain import Embedding, FaultName
from edgeverify.errors import StateError
from edgeverify.journal.facts import RUNS_FACT
from edgeverify.journal.journal import Journal
from edgeverify.journal.seal import JournalSeal
from edgeverify.key_rotation import announce_next_key, read_announced, withdraw
from edgeverify.keys import load_signing_keys
from edgeverify.references import PhotoEmbedding, ReferenceStore
from edgeverify.state import StateDirectory, open_state

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=timezone.utc)
KEY = bytes(range(32))
SPACE = "a" * 64


@pytest.fixture
def state(tmp_path: Path) -> StateDirectory:
    state = open_state(tmp_path / "state", "front-door")
    write_whole(state.master_key, KEY)
    load_signing_keys(state.signing_keys, now=NOW)
    enrol(state, "1")
    Journal.open(state.journal, now=NOW).journal.close()
    return state


def back_up(state: StateDirectory, file: Path) -> Backup:
    return write_backup(state.door, collect(state), file, now=NOW)


def restore(state: StateDirectory, file: Path) -> None:
    parts = read_backup(file, state.door)[1]
    restore_backup(state, parts, now=NOW, master_key=lambda: KEY)


def enrol(state: StateDirectory, card: str) -> None:
    values = np.linspace(0.1, 0.2, 128, dtype=np.float32)
    photo = PhotoEmbedding(
        photo="a.jpg", digest="d", embedding=Embedding(values=values, embedding_space=SPACE)
    )
    with ReferenceStore(state.references, KEY, now=NOW) as store:
        store.put(card, "Ada", (photo,), now=NOW)


def enrolled(state: StateDirectory) -> set[str]:
    with ReferenceStore(state.references, KEY, now=NOW) as store:
        return set(store.load(SPACE).usable)


def test_a_restored_door_knows_who_and_what_it_knew(state: StateDirectory, tmp_path: Path) -> None:
    keyid = load_signing_keys(state.signing_keys, now=NOW).keyid
    made = back_up(state, tmp_path / "door.backup")
    assert sorted(made.files) == [
        "journal.sqlite",
        "master.key",
        "references.sqlite",
        "signing-keys.json",
    ]
    enrol(state, "2")
    state.master_key.unlink()
    restore(state, tmp_path / "door.backup")
    assert enrolled(state) == {"1"}
    assert state.master_key.read_bytes() == KEY
    assert load_signing_keys(state.signing_keys, now=NOW).keyid == keyid


def test_an_announced_key_comes_back_and_a_release_that_knows_none_reads_the_rest(
    state: StateDirectory, tmp_path: Path
) -> None:
    made = announce_next_key(state.signing_keys, door="front-door", begins_at=NOW)
    file = tmp_path / "door.backup"
    back_up(state, file)
    with tarfile.open(file) as archive:
        # What the release before allows, which refuses a backup that holds anything else.
        assert set(archive.getnames()) <= {
            "contents.json",
            "references.sqlite",
            "journal.sqlite",
            "master.key",
            "signing-keys.json",
        }
        listed = json.load(archive.extractfile("contents.json") or io.BytesIO())["files"]
        assert set(listed) == set(archive.getnames()) - {"contents.json"}
    withdraw(state.signing_keys)
    restore(state, file)
    again = read_announced(state.signing_keys)
    assert again is not None
    assert again.keyid == made.keyid


def test_backup_and_restored_files_are_for_their_owner_alone(
    state: StateDirectory, tmp_path: Path
) -> None:
    back_up(state, tmp_path / "door.backup")
    assert (tmp_path / "door.backup").stat().st_mode & 0o777 == 0o600
    restore(state, tmp_path / "door.backup")
    for file in state.folder.iterdir():
        assert file.stat().st_mode & 0o077 == 0, file


def test_what_was_there_before_is_kept_aside(state: StateDirectory, tmp_path: Path) -> None:
    back_up(state, tmp_path / "door.backup")
    enrol(state, "2")
    restore(state, tmp_path / "door.backup")
    (aside,) = state.folder.glob("before-restore-*")
    with ReferenceStore(aside / "references.sqlite", KEY, now=NOW) as store:
        assert {one.card for one in store.list()} == {"1", "2"}


def test_a_backup_made_while_the_door_writes_is_consistent(
    state: StateDirectory, tmp_path: Path
) -> None:
    with ReferenceStore(state.references, KEY, now=NOW) as writing:
        writing._connection.execute("BEGIN IMMEDIATE")
        writing._connection.execute("DELETE FROM reference")
        back_up(state, tmp_path / "door.backup")
        writing._connection.execute("ROLLBACK")
    restore(state, tmp_path / "door.backup")
    assert enrolled(state) == {"1"}


def test_sequence_numbers_jump_ahead_so_that_none_comes_twice(
    state: StateDirectory, tmp_path: Path
) -> None:
    back_up(state, tmp_path / "door.backup")
    restore(state, tmp_path / "door.backup")
    connection = sqlite3.connect(state.journal)
    reserved = connection.execute("SELECT value FROM facts WHERE name = 'reserved'").fetchone()
    connection.close()
    assert int(reserved[0]) >= SEQUENCE_GAP


@pytest.mark.parametrize("has_been_changed", [False, True])
def test_a_restored_journal_is_as_this_door_left_it_and_a_changed_one_is_told(
    state: StateDirectory, tmp_path: Path, *, has_been_changed: bool
) -> None:
    """The command forgets what the broker has heard, which is among what is sealed."""
    seal = JournalSeal(KEY)
    journal = Journal.open(state.journal, now=NOW, seal=seal).journal
    journal.keep_fact(RUNS_FACT, "9f86d081884c7d65")
    journal.close()
    if has_been_changed:
        connection = sqlite3.connect(state.journal)
        connection.execute("UPDATE facts SET value = 'x' WHERE name = ?", (RUNS_FACT,))
        connection.commit()
        connection.close()
    back_up(state, tmp_path / "door.backup")
    parts = read_backup(tmp_path / "door.backup", state.door)[1]
    restore_backup(state, parts, now=NOW, master_key=lambda: KEY)
    opened = Journal.open(state.journal, now=NOW, seal=seal)
    told = [one.name for one in opened.notices]
    runs = opened.journal.fact(RUNS_FACT)
    opened.journal.close()
    assert told == ([FaultName.JOURNAL_CHANGED] if has_been_changed else [])
    assert runs == ""


def test_another_door_s_backup_is_refused(state: StateDirectory, tmp_path: Path) -> None:
    back_up(state, tmp_path / "door.backup")
    other = open_state(tmp_path / "other", "back-door")
    with pytest.raises(StateError, match="is a backup of the door 'front-door', not 'back-door'"):
        restore(other, tmp_path / "door.backup")


def packed(**members: bytes) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name, data in members.items():
            member = tarfile.TarInfo(name.replace("__", "/").replace("_dot_", "."))
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return file.getvalue()


BAD = [
    ("a text file", b"hello", "is not a backup"),
    ("nothing", b"", "is not a backup"),
    ("a path out of the state", packed(__etc__passwd=b"x"), "holds '/etc/passwd'"),
    ("no list of contents", packed(master_dot_key=b"x"), "is not a backup"),
    ("a list that is none", packed(contents_dot_json=b"[]"), "is not a backup"),
    (
        "a later format",
        packed(contents_dot_json=b'{"format": 99}'),
        r"a different release \(format 99\)",
    ),
]


@pytest.mark.parametrize(
    ("content", "reason"), [pytest.param(data, why, id=name) for name, data, why in BAD]
)
def test_what_is_no_backup_changes_nothing(
    state: StateDirectory, tmp_path: Path, content: bytes, reason: str
) -> None:
    (tmp_path / "bad.backup").write_bytes(content)
    before = {file.name: file.read_bytes() for file in state.folder.iterdir()}
    with pytest.raises(StateError, match=reason):
        restore(state, tmp_path / "bad.backup")
    assert {file.name: file.read_bytes() for file in state.folder.iterdir()} == before


def test_a_backup_with_one_changed_byte_is_refused(state: StateDirectory, tmp_path: Path) -> None:
    file = tmp_path / "door.backup"
    back_up(state, file)
    content = file.read_bytes()
    file.write_bytes(content.replace(KEY, KEY[::-1]))
    with pytest.raises(StateError, match="is damaged: its hashes do not fit"):
        restore(state, file)


def test_a_backup_that_cannot_be_written_or_read(state: StateDirectory, tmp_path: Path) -> None:
    with pytest.raises(StateError, match="cannot be written"):
        back_up(state, tmp_path / "nowhere" / "door.backup")
    with pytest.raises(StateError, match="cannot be read"):
        restore(state, tmp_path / "nowhere.backup")


def test_an_empty_state_is_nothing_to_back_up(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="nothing to back up"):
        back_up(open_state(tmp_path / "s", "d"), tmp_path / "b")


def test_the_file_that_cannot_be_read_is_named_by_itself(
    state: StateDirectory, tmp_path: Path
) -> None:
    state.master_key.unlink()
    state.master_key.mkdir()  # so that not even root can read it as a file
    with pytest.raises(StateError, match=r"master\.key cannot be read: Is a directory"):
        back_up(state, tmp_path / "door.backup")
    assert not (tmp_path / "door.backup").exists()


def test_the_file_that_cannot_be_restored_is_named_by_itself(
    state: StateDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(state, tmp_path / "door.backup")

    def full(path: Path, content: bytes) -> None:
        if path == state.master_key:
            raise OSError(28, "No space left on device")
        write_whole(path, content)

    monkeypatch.setattr("edgeverify.backup.write_whole", full)
    with pytest.raises(StateError, match=r"master\.key cannot be written: No space left") as caught:
        restore(state, tmp_path / "door.backup")
    assert "before-restore-" in caught.value.advice
