"""An older copy of a door's state is put in its place: it is said, and no number comes twice."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from edgeverify.daemon.faults import FaultBoard
from edgeverify.daemon.older_state import FURTHEST, OlderState
from edgeverify.demo.scenes import OWNER_CARD
from edgeverify.domain import FaultName
from edgeverify.journal import Journal
from edgeverify.mqtt.doubles import ToldBefore, told_before
from tests.doors import decided, door_keys
from tests.soak.conftest import props
from tests.soak.props import Props
from tests.soak.traffic import Witness
from tests.soak.world import World, world
from tests.waiting import until

__all__ = ["props"]

BEGAN = datetime(2026, 11, 22, 12, 0, tzinfo=timezone.utc)
LATER = BEGAN + timedelta(days=3)


@dataclass
class Link:
    """What the door's way to the broker knows of itself."""

    run: str
    told_before: ToldBefore | None = None


@dataclass
class Door:
    """A door's journal on the disk, through starts and ends."""

    folder: Path
    faults: FaultBoard = field(default_factory=FaultBoard)

    def run(self, name: str, decisions: int, *, kept: ToldBefore | None = None) -> ToldBefore:
        """Start, hear what the broker keeps, decide, end; return what the broker keeps then."""
        self.faults = FaultBoard()
        journal = Journal.open(self.folder / "journal.sqlite", now=BEGAN).journal
        link = Link(name)
        older = OlderState(journal, link, self.faults, wall=lambda: LATER)  # type: ignore[arg-type]
        link.told_before = kept
        for _ in range(3):
            older.look()
        for number in range(decisions):
            journal.record(decided(f"{name}-{number}"), door_keys(self.folder))
        journal.close()
        return ToldBefore(name, journal.last_sequence)

    @property
    def is_older(self) -> bool:
        return FaultName.STATE_OLDER in self.faults


@pytest.fixture
def door(tmp_path: Path) -> Door:
    (tmp_path / "state").mkdir()
    return Door(tmp_path / "state")


def test_a_door_that_starts_again_and_again_says_nothing(door: Door) -> None:
    kept = None
    for name in ("one", "two", "three"):
        before = kept.sequence if kept else 0
        kept = door.run(name, 2, kept=kept)
        assert not door.is_older
        assert kept.sequence == before + 2 or not before


@pytest.mark.parametrize("is_last_will", [False, True], ids=["in order", "power cut"])
def test_an_older_copy_is_named_and_counts_on_above(door: Door, *, is_last_will: bool) -> None:
    first = door.run("one", 3)
    copy = door.folder.with_name("copy")
    shutil.copytree(door.folder, copy)
    last = door.run("two", 5, kept=first)
    assert last.sequence == first.sequence + 5

    shutil.copytree(copy, door.folder, dirs_exist_ok=True)
    kept = ToldBefore("two", first.sequence) if is_last_will else last
    again = door.run("three", 1, kept=kept)
    assert door.is_older
    assert again.sequence > last.sequence + 1000

    assert door.run("four", 1, kept=again).sequence == again.sequence + 1
    assert not door.is_older


def test_a_run_without_a_journal_is_no_later_one(door: Door) -> None:
    first = door.run("one", 2)
    disk = door.folder
    door.folder = disk / "not mounted"
    kept = door.run("two", 0, kept=first)
    assert kept.sequence == 0
    door.folder = disk
    assert door.run("three", 1, kept=kept).sequence == first.sequence + 1
    assert not door.is_older


def test_a_run_is_remembered_once_its_journal_is_back(door: Door) -> None:
    door.run("one", 2)
    disk, gone = door.folder, door.folder.with_name("gone")
    disk.rename(gone)
    journal = Journal.open(disk / "journal.sqlite", now=BEGAN).journal
    older = OlderState(journal, Link("two"), door.faults, wall=lambda: LATER)  # type: ignore[arg-type]
    older.look()
    gone.rename(disk)
    kept = journal.record(decided("back"), door_keys(disk)).decision.sequence
    older.look()
    journal.close()
    door.run("three", 1, kept=ToldBefore("two", kept))
    assert not door.is_older


def test_numbers_that_nobody_can_have_reached_are_not_believed(door: Door) -> None:
    first = door.run("one", 1)
    forged = ToldBefore("somebody", int(LATER.timestamp()) + FURTHEST + 1)
    assert door.run("two", 1, kept=forged).sequence == first.sequence + 1
    assert not door.is_older


def test_a_new_state_at_a_broker_that_knows_an_earlier_one_is_no_fault(door: Door) -> None:
    told = ToldBefore("an earlier installation", int(BEGAN.timestamp()) - 1)
    door.run("one", 1, kept=told)
    assert not door.is_older


@pytest.mark.parametrize(
    "status",
    [b"", b"[]", b'{"run": 1, "sequence": 2}', b'{"run": "a", "sequence": true}', b'{"run": "a"}'],
)
def test_a_status_that_does_not_say_both_says_nothing(status: bytes) -> None:
    assert told_before(status) is None


@pytest.fixture
def world_of_a_door(tmp_path: Path, props: Props) -> Iterator[World]:
    with world(tmp_path, props) as made:
        made.start()
        yield made


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_running_door_at_a_real_broker(world_of_a_door: World, tmp_path: Path) -> None:
    made, copy = world_of_a_door, tmp_path / "copy"
    with Witness(made.broker.port) as witness:
        witness.let_in(OWNER_CARD)
        made.stop()
        shutil.copytree(made.state, copy)
        made.start()
        last = witness.let_in(OWNER_CARD)
        made.kill()  # what the broker keeps is the last will

        for name in made.state.iterdir():
            shutil.rmtree(name) if name.is_dir() else name.unlink()
        shutil.copytree(copy, made.state, dirs_exist_ok=True)
        made.spawn()
        until(lambda: "state_older" in made.reasons(), "the older state to be named", 60)
        until(lambda: made.status().get("references") == 2, "everybody to be known", 60)
        again = witness.let_in(OWNER_CARD)
        assert again.sequence > last.sequence
        made.stop()
        made.start()
        assert witness.let_in(OWNER_CARD).sequence > again.sequence
