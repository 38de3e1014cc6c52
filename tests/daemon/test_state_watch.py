"""Somebody tidies up in the state of a running door: the next start's files are missed by name."""

from __future__ import annotations

import json
import os
import shutil
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from edgeverify.daemon.faults import FaultBoard
from edgeverify.daemon.signing_key import KeyRing
from edgeverify.daemon.state_watch import StateWatch
from edgeverify.domain import FaultName
from edgeverify.state import StateDirectory, existing_state, open_state
from edgeverify.state_lock import take_lock
from tests.doors import NOON

MASTER = bytes(range(32))


@dataclass
class Watched:
    """A state with its keys, and who looks after it."""

    state: StateDirectory
    ring: KeyRing
    faults: FaultBoard
    watch: StateWatch

    def look(self) -> str:
        """Look as often as a fault takes; what is said of the state then."""
        self.watch.look()
        self.watch.look()
        told = [one.detail for one in self.faults.snapshot() if one.name == "state_changed"]
        return told[0] if told else ""


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Watched]:
    state = open_state(tmp_path / "state", "front-door")
    state.master_key.write_bytes(MASTER)
    ring, faults = KeyRing(state.signing_keys, now=NOON), FaultBoard()
    with take_lock(state) as lock:
        yield Watched(state, ring, faults, StateWatch(state, lock, ring, faults))


def test_as_the_door_left_it_nothing_is_said(door: Watched) -> None:
    assert door.look() == ""
    door.ring.rotate(door="front-door", now=NOON, previous_days=1)
    assert door.look() == "", "a rotation is the door's own"


@pytest.mark.parametrize("name", ["master.key", "signing-keys.json"])
def test_a_key_that_is_taken_away_is_missed_until_it_is_back(door: Watched, name: str) -> None:
    path = door.state.folder / name
    away = path.rename(door.state.folder / "away")
    said = door.look()
    assert said.startswith(f"{name} is gone: put it back")
    assert not path.exists(), "a secret is not written again by itself"
    away.rename(path)
    assert door.look() == ""


def _other_signing_key(path: Path) -> None:
    record = json.loads(path.read_text())
    record["private"] = b64encode(MASTER).decode()
    path.write_text(json.dumps(record))


def _no_key(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("master.key", _no_key),
        ("signing-keys.json", _other_signing_key),
        ("signing-keys.json", _no_key),
    ],
)
def test_another_key_in_its_place_is_told(
    door: Watched, name: str, change: Callable[[Path], None]
) -> None:
    change(door.state.folder / name)
    assert door.look() == f"{name} is not the one that this door works with"


def test_a_key_that_is_kept_elsewhere_is_not_missed_here(tmp_path: Path) -> None:
    """Its door starts beside an old file that it may not read, too."""
    state = open_state(tmp_path / "state", "front-door")
    ring, faults = KeyRing(state.signing_keys, now=NOON), FaultBoard()
    state.master_key.mkdir()  # as bad for root as a file without rights is for others
    with take_lock(state) as lock:
        door = Watched(state, ring, faults, StateWatch(state, lock, ring, faults))
        assert door.look() == ""
        state.master_key.rmdir()
        assert door.look() == ""


def test_what_others_say_of_the_state_stays(door: Watched) -> None:
    door.faults.raise_fault(FaultName.STATE_CHANGED, "references.sqlite: overwritten")
    path = door.state.signing_keys
    away = path.rename(door.state.folder / "away")
    assert door.look().startswith("references.sqlite: overwritten; signing-keys.json is gone")
    away.rename(path)
    assert door.look() == "references.sqlite: overwritten"


def test_whose_state_it_is_is_written_down_again(door: Watched) -> None:
    (door.state.folder / "door").unlink()
    assert door.look() == ""
    assert existing_state(door.state.folder, "front-door") == door.state


def test_no_second_door_can_begin_where_the_lock_was_deleted(door: Watched) -> None:
    (door.state.folder / "lock").unlink()
    assert door.look() == ""
    with pytest.raises(Exception, match="in use by process"):
        take_lock(door.state)
    (door.state.folder / "lock").unlink()
    with take_lock(door.state):
        assert "another process took the lock" in door.look()
    assert door.look() == ""


def test_a_folder_that_cannot_be_looked_into_or_is_gone_is_no_news_here(door: Watched) -> None:
    """The journal is away then, which is told and denies."""
    folder = door.state.folder
    away = folder.rename(folder.with_name("away"))
    assert door.look() == ""
    folder.symlink_to(folder)
    assert door.look() == ""
    folder.unlink()
    folder.mkdir(mode=0o700)
    said = door.look()
    assert "master.key is gone" in said
    assert "signing-keys.json is gone" in said
    shutil.rmtree(folder)
    away.rename(folder)
    assert door.look() == ""


@pytest.mark.parametrize("name", ["master.key", "signing-keys.json"])
@pytest.mark.parametrize("put", [Path.mkdir, os.mkfifo, lambda path: path.symlink_to("/dev/zero")])
def test_what_is_no_file_is_not_the_key_and_is_not_waited_for(
    door: Watched, name: str, put: Callable[[Path], None]
) -> None:
    path = door.state.folder / name
    path.unlink()
    put(path)
    assert f"{name} is not the one" in door.look()
