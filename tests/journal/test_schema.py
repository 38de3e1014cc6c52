"""Old doors' journals in a new release, and back again: not a decision is lost."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from edgeverify.cli.main import app
from edgeverify.errors import StateError
from edgeverify.journal import Journal
from edgeverify.journal.reading import find, read_notices, recent
from edgeverify.journal.schema import SCHEMA, VERSION
from edgeverify.private_sqlite import copy_of
from edgeverify.settings import JournalSettings
from edgeverify.state import open_state
from edgeverify.state_lock import take_lock
from tests.doors import NOON, decided, door_keys

OLD = Path(__file__).with_name("schema_1.sql")
TABLES = ("facts", "decisions", "frames", "outbox", "lockouts", "claims", "acts")
RELEASED = ("3b49dacc", "93efb9ac", "a3529b58")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A state directory whose journal a release with schema 1 wrote."""
    state = open_state(tmp_path / "state", "front-door")
    with closing(sqlite3.connect(state.journal)) as connection:
        connection.executescript(OLD.read_text(encoding="utf-8"))
    return state.folder


def _version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _rows(path: Path, tables: tuple[str, ...] = TABLES) -> dict[str, list[tuple[object, ...]]]:
    with closing(sqlite3.connect(path)) as connection:
        return {
            name: connection.execute(f"SELECT * FROM {name}").fetchall()  # noqa: S608 - constants
            for name in tables
        }


def _layout(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as connection:
        return {row[0] for row in connection.execute("SELECT sql FROM sqlite_master") if row[0]}


def test_an_old_journal_is_brought_up_with_everything_in_it(old: Path, tmp_path: Path) -> None:
    path = old / "journal.sqlite"
    before = _rows(path)
    opened = Journal.open(path, now=NOON)
    assert opened.notices == ()
    journal = opened.journal
    assert [row.event_id for row in recent(path)] == ["event-2", "event-1", "event-0"]
    assert [row.is_delivered for row in recent(path)] == [False, False, True]
    oldest = find(path, "event-0")
    assert oldest is not None
    assert len(oldest.frames) == 3
    assert journal.lockouts()["0012345"].failures == 5
    assert set(journal.claim_ids(NOON)) == {"claim-0", "claim-1", "claim-2"}
    assert journal.floor() == NOON + timedelta(seconds=2)
    assert len(journal.outbox()) == 2
    last = recent(path)[0].sequence
    assert (
        journal.record(decided("new", at=NOON), door_keys(tmp_path)).decision.sequence == last + 1
    )
    journal.close()
    assert _version(path) == VERSION
    after = _rows(path)
    for name in set(TABLES) - {"facts"}:
        assert [row for row in before[name] if row not in after[name]] == [], name


def test_beside_an_older_journal_that_no_start_has_brought_up_people_read_what_is_there(
    old: Path, tmp_path: Path
) -> None:
    config = tmp_path / "door.yaml"
    config.write_text("door: front-door\n", encoding="utf-8")
    place = ["--config", str(config), "--state", str(old)]
    told = CliRunner().invoke(app, ["person", "report", "0012345", "--json", *place])
    assert told.exit_code == 0, told.output
    record = json.loads(told.stdout)
    assert len(record["decisions"]) == 3
    assert record["notices"] == record["counted_scores"] == record["inside"] == []
    assert read_notices(old / "journal.sqlite", "front-door") == ()
    assert _version(old / "journal.sqlite") == 1
    assert CliRunner().invoke(app, ["unlock", "0012345", *place]).exit_code == 0


def _going_back(state: Path, *, journal: int = 1, references: int = 1) -> Result:
    known = ["--journal-schema", str(journal), "--references-schema", str(references)]
    return CliRunner().invoke(app, ["downgrade-state", "--state", str(state), *known])


def _counters(path: Path) -> list[tuple[object, ...]]:
    return _rows(path, ("totals",))["totals"]


def test_going_back_the_older_release_finds_its_own_layout_and_every_decision(
    old: Path, tmp_path: Path
) -> None:
    path = old / "journal.sqlite"
    layout, counters = _layout(path), _counters(path)
    journal = Journal.open(path, now=NOON).journal
    kept = copy_of(path, 1)
    assert kept.stat().st_mode & 0o777 == 0o600
    assert (_version(kept), _layout(kept)) == (1, layout)
    journal.record(decided("newer", at=NOON), door_keys(tmp_path))
    journal.close()
    assert _layout(path) != layout
    rows = _rows(path)
    done = _going_back(old)
    assert done.exit_code == 0, done.output
    assert f"from schema {VERSION} to 1; every decision is kept" in done.output
    assert (_version(path), _layout(path), _rows(path)) == (1, layout, rows)
    assert "event-newer" in [row.event_id for row in recent(path)]
    assert _counters(path) == counters, "what the newer release has no place for is as it was"
    assert path.stat().st_mode & 0o777 == 0o600
    assert sorted(entry.name for entry in old.iterdir() if "schema" in entry.name) == []
    # Once more changes nothing, and the newer release takes it up again.
    assert "schema 1 already" in _going_back(old).output
    again = Journal.open(path, now=NOON).journal
    again.record(decided("forward", at=NOON), door_keys(tmp_path))
    again.close()
    assert _version(path) == VERSION
    assert _version(copy_of(path, 1)) == 1


def test_without_the_copy_nothing_is_touched_and_it_is_said(old: Path) -> None:
    path = old / "journal.sqlite"
    Journal.open(path, now=NOON).journal.close()
    copy_of(path, 1).unlink()
    before = path.read_bytes()
    done = _going_back(old)
    assert done.exit_code == 2
    assert "no copy from before the upgrade" in done.output
    assert path.read_bytes() == before


def test_a_column_that_the_older_release_cannot_do_without_leaves_everything_as_it_was(
    old: Path,
) -> None:
    path = old / "journal.sqlite"
    Journal.open(path, now=NOON).journal.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("ALTER TABLE decisions DROP COLUMN keyid")
        connection.commit()
    before = _rows(path)
    done = _going_back(old)
    assert done.exit_code == 2
    assert "cannot be made to fit" in done.output
    assert (_version(path), _rows(path)) == (VERSION, before)
    assert copy_of(path, 1).exists()


def test_a_journal_that_another_program_has_open_stays(old: Path) -> None:
    path = old / "journal.sqlite"
    journal = Journal.open(path, now=NOON).journal
    done = _going_back(old)
    assert done.exit_code == 2
    assert "another program has it open" in done.output
    journal.close()
    assert _version(path) == VERSION


def test_copies_go_with_retention(old: Path) -> None:
    path = old / "journal.sqlite"
    journal = Journal.open(path, now=NOON).journal
    settings = JournalSettings(retention_days=30)
    made = NOON.timestamp()
    os.utime(copy_of(path, 1), (made, made))
    journal.prune(NOON + timedelta(days=30), settings)
    assert copy_of(path, 1).exists()
    journal.prune(NOON + timedelta(days=31), settings)
    assert not copy_of(path, 1).exists()
    journal.close()


def test_a_state_in_use_or_a_strangers_folder_is_not_touched(old: Path, tmp_path: Path) -> None:
    with take_lock(open_state(old, "front-door")):
        held = _going_back(old)
    assert held.exit_code == 2
    assert "in use by process" in held.output
    stranger = _going_back(tmp_path)
    assert stranger.exit_code == 2
    assert "not a state directory" in stranger.output


def test_references_that_the_older_release_cannot_read_are_said_before_anything_is_done(
    old: Path,
) -> None:
    Journal.open(old / "journal.sqlite", now=NOON).journal.close()
    with closing(sqlite3.connect(old / "references.sqlite")) as connection:
        connection.execute("PRAGMA user_version = 7")
    done = _going_back(old, references=6)
    assert done.exit_code == 2
    assert "the references have schema 7, and the older release knows 6" in done.output
    assert _version(old / "journal.sqlite") == VERSION


def test_a_journal_of_a_newer_release_is_refused_by_name(old: Path) -> None:
    path = old / "journal.sqlite"
    Journal.open(path, now=NOON).journal.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA user_version = 99")
    done = _going_back(old)
    assert done.exit_code == 2
    assert "schema 99" in done.output
    with pytest.raises(StateError, match=rf"schema 99, and this release knows {VERSION}"):
        Journal.open(path, now=NOON)


def test_what_was_released_is_never_changed() -> None:
    """A file in the field was made by these very words. Add a step; touch none of these."""
    words = tuple(hashlib.sha256(step.encode()).hexdigest()[:8] for step in SCHEMA.steps)
    assert words[: len(RELEASED)] == RELEASED
