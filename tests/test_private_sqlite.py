"""The one opener of private databases: forward, each step once, a copy before the first change."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import pytest

from edgeverify.errors import StateError
from edgeverify.private_sqlite import (
    Schema,
    check_pages,
    copies_of,
    copy_of,
    is_damage,
    move_aside,
    open_in_memory,
    open_private,
    replace_closed,
    version_of,
)

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=timezone.utc)
FIRST = Schema(what="the log book", steps=("CREATE TABLE facts (name TEXT, value TEXT)",))
SECOND = replace(FIRST, steps=(*FIRST.steps, "ALTER TABLE facts ADD COLUMN colour TEXT"))
KEPT = replace(SECOND, keeps_copy=True)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file as the first release left it."""
    path = tmp_path / "book.sqlite"
    with closing(open_private(path, FIRST)) as connection:
        connection.execute("INSERT INTO facts VALUES ('kept', 'yes')")
    return path


def columns(connection: sqlite3.Connection) -> list[str]:
    return [row[1] for row in connection.execute("PRAGMA table_info(facts)")]


def test_it_is_private_logged_ahead_and_synchronous(path: Path) -> None:
    with closing(open_private(path, FIRST)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
        connection.execute("INSERT INTO facts VALUES ('a', 'b')")
        for file in path.parent.iterdir():
            assert file.stat().st_mode & 0o777 == 0o600, file


def test_what_others_could_read_is_made_private(path: Path) -> None:
    path.chmod(0o644)
    open_private(path, FIRST).close()
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_link_is_not_followed(path: Path) -> None:
    link = path.with_name("link.sqlite")
    link.symlink_to(path)
    with pytest.raises(OSError, match=r"link\.sqlite"):
        open_private(link, FIRST)


def test_steps_run_in_order_and_each_once(path: Path) -> None:
    for _ in range(2):
        with closing(open_private(path, SECOND)) as connection:
            assert version_of(connection) == 2
            assert connection.execute("SELECT * FROM facts").fetchall() == [("kept", "yes", None)]
            assert columns(connection) == ["name", "value", "colour"]


def test_memory_has_the_same_tables() -> None:
    with closing(open_in_memory(SECOND)) as connection:
        assert (version_of(connection), columns(connection)) == (2, ["name", "value", "colour"])


def test_a_step_that_fails_leaves_the_older_file(path: Path) -> None:
    broken = replace(
        FIRST, steps=(*FIRST.steps, "CREATE TABLE half (x); ALTER TABLE nowhere ADD COLUMN y")
    )
    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        open_private(path, broken)
    with closing(open_private(path, FIRST)) as connection:
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master")]
        assert (version_of(connection), names) == (1, ["facts"])


def test_a_newer_file_is_refused_by_name(path: Path) -> None:
    open_private(path, SECOND).close()
    with pytest.raises(StateError, match="the log book has schema 2, and this release knows 1"):
        open_private(path, FIRST)


def test_before_the_first_change_a_copy_is_kept(path: Path) -> None:
    open_private(path, KEPT).close()
    (copy,) = copies_of(path)
    assert copy == copy_of(path, 1)
    assert copy.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(copy)) as connection:
        assert version_of(connection) == 1
        assert connection.execute("SELECT * FROM facts").fetchall() == [("kept", "yes")]
    kept_at = copy.stat().st_mtime_ns
    open_private(path, KEPT).close()
    assert copy.stat().st_mtime_ns == kept_at, "nothing changed, so nothing was copied"


def test_a_new_file_and_one_that_may_be_lost_are_not_copied(path: Path) -> None:
    open_private(path, SECOND).close()
    open_private(path.with_name("new.sqlite"), KEPT).close()
    assert copies_of(path) == ()
    assert copies_of(path.with_name("new.sqlite")) == ()


def test_one_copy_is_enough(path: Path) -> None:
    copy_of(path, 0).touch()
    open_private(path, KEPT).close()
    assert copies_of(path) == (copy_of(path, 1),)


def test_without_a_copy_there_is_no_change(path: Path) -> None:
    copy_of(path, 1).mkdir()
    (copy_of(path, 1) / "in the way").touch()
    with pytest.raises(OSError, match="schema-1"):
        open_private(path, KEPT)
    with closing(open_private(path, FIRST)) as connection:
        assert version_of(connection) == 1
    assert [file.name for file in path.parent.iterdir() if file.name.startswith(".")] == []


def test_damage_is_told_and_moved_aside_with_its_logs(path: Path) -> None:
    path.write_bytes(b"this is not a database" * 500)
    path.with_name(f"{path.name}-wal").write_bytes(b"log")
    with pytest.raises(sqlite3.DatabaseError) as raised:
        open_private(path, FIRST)
    assert is_damage(raised.value)
    aside = move_aside(path, NOON, as_="damaged")
    assert aside.name == "book.sqlite.damaged-20261122T120000"
    assert aside.read_bytes().startswith(b"this is not")
    open_private(path, FIRST).close()
    again = move_aside(path, NOON, as_="damaged")
    assert again.name == "book.sqlite.damaged-20261122T120000-2"


def test_a_sound_file_passes_the_check_and_a_locked_one_is_not_damaged(path: Path) -> None:
    with closing(open_private(path, FIRST)) as connection:
        check_pages(connection)
    assert not is_damage(sqlite3.OperationalError("database is locked"))


def test_a_database_in_use_is_not_replaced(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(path.read_bytes())
    with closing(open_private(path, FIRST)) as connection:
        connection.execute("INSERT INTO facts VALUES ('late', 'row')")
        with pytest.raises(sqlite3.OperationalError, match="another program has it open"):
            replace_closed(path, other)
    replace_closed(path, other)
    with closing(open_private(path, FIRST)) as connection:
        assert connection.execute("SELECT name FROM facts").fetchall() == [("kept",)]
