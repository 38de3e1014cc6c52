"""Old doors' journals in a new release, and back again: not a row is lost."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edgeverify.cli.main import app
from edgeverify.errors import StateError
from edgeverify.journal import Journal
from edgeverify.journal.reading import find, recent
from edgeverify.journal.schema import STEPS, VERSION, Step, downgrade, migrate
from edgeverify.state import open_state, take_lock
from tests.doors import NOON, decided, door_keys

OLD = Path(__file__).with_name("schema_1.sql")
TABLES = ("facts", "decisions", "frames", "outbox", "lockouts", "claims", "totals", "acts")
RELEASED = ("722c6b2d", "ea50059a")


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
    for name in set(TABLES) - {"facts", "totals"}:
        assert [row for row in before[name] if row not in after[name]] == [], name


def test_going_back_the_older_release_finds_its_own_layout_and_every_decision(
    old: Path, tmp_path: Path
) -> None:
    path = old / "journal.sqlite"
    layout = _layout(path)
    journal = Journal.open(path, now=NOON).journal
    journal.record(decided("newer", at=NOON), door_keys(tmp_path))
    journal.close()
    assert _layout(path) != layout
    rows = _rows(path)
    options = ["--state", str(old), "--journal-schema", "1", "--references-schema", "1"]
    done = CliRunner().invoke(app, ["downgrade-state", *options])
    assert done.exit_code == 0, done.output
    assert f"from schema {VERSION} to 1; every decision is kept" in done.output
    assert (_version(path), _layout(path), _rows(path)) == (1, layout, rows)
    # Once more changes nothing, and the newer release takes it up again.
    again = CliRunner().invoke(app, ["downgrade-state", *options])
    assert "schema 1 already" in again.output
    Journal.open(path, now=NOON).journal.close()
    assert _version(path) == VERSION


def test_a_state_in_use_or_a_strangers_folder_is_not_touched(old: Path, tmp_path: Path) -> None:
    options = ["--journal-schema", "1", "--references-schema", "1"]
    with take_lock(open_state(old, "front-door")):
        held = CliRunner().invoke(app, ["downgrade-state", "--state", str(old), *options])
    assert held.exit_code == 2
    assert "in use by process" in held.output
    stranger = CliRunner().invoke(app, ["downgrade-state", "--state", str(tmp_path), *options])
    assert stranger.exit_code == 2
    assert "not a state directory" in stranger.output


def test_references_that_the_older_release_cannot_read_are_said_before_anything_is_done(
    old: Path,
) -> None:
    Journal.open(old / "journal.sqlite", now=NOON).journal.close()
    with closing(sqlite3.connect(old / "references.sqlite")) as connection:
        connection.execute("PRAGMA user_version = 7")
    options = ["--state", str(old), "--journal-schema", "1", "--references-schema", "6"]
    done = CliRunner().invoke(app, ["downgrade-state", *options])
    assert done.exit_code == 2
    assert "the references have schema 7, and the older release knows 6" in done.output
    assert _version(old / "journal.sqlite") == VERSION


def test_a_journal_of_a_newer_release_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    Journal.open(path, now=NOON).journal.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA user_version = 99")
        with pytest.raises(StateError, match="schema 99"):
            downgrade(connection, 1)
    with pytest.raises(StateError, match=rf"schema 99, and this release knows {VERSION}"):
        Journal.open(path, now=NOON)


def test_what_was_released_is_never_changed() -> None:
    """A file in the field was made by these very words. Add a step; touch none of these."""
    words = tuple(
        hashlib.sha256(f"{step.up}\n{step.down}".encode()).hexdigest()[:8] for step in STEPS
    )
    assert words[: len(RELEASED)] == RELEASED


@pytest.mark.parametrize("number", range(2, VERSION + 1))
def test_every_step_has_a_way_back(tmp_path: Path, number: int) -> None:
    path = tmp_path / "journal.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        migrate(connection, STEPS[: number - 1])
        before = _layout(path)
        migrate(connection, STEPS[:number])
        assert _layout(path) != before
        assert downgrade(connection, number - 1, STEPS[:number]) == (number, number - 1)
        assert _layout(path) == before


def test_migrations_run_in_order_and_each_once(tmp_path: Path) -> None:
    blue = Step(
        up="ALTER TABLE decisions ADD COLUMN colour TEXT DEFAULT 'blue'",
        down="ALTER TABLE decisions DROP COLUMN colour",
    )
    steps = (*STEPS, blue)
    with closing(sqlite3.connect(tmp_path / "old.sqlite", isolation_level=None)) as connection:
        migrate(connection, steps[:1])
        connection.execute("INSERT INTO facts VALUES ('kept', 'yes')")
        migrate(connection, steps)
        migrate(connection, steps)
        assert connection.execute("PRAGMA user_version").fetchone() == (len(steps),)
        assert connection.execute("SELECT value FROM facts").fetchone() == ("yes",)
        assert "colour" in [row[1] for row in connection.execute("PRAGMA table_info(decisions)")]


def test_a_migration_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    broken = Step(up="CREATE TABLE half (x); ALTER TABLE nowhere ADD COLUMN y", down="")
    with closing(sqlite3.connect(tmp_path / "old.sqlite", isolation_level=None)) as connection:
        with pytest.raises(sqlite3.OperationalError):
            migrate(connection, (STEPS[0], broken))
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master")]
        assert "half" not in names
