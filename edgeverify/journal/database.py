"""The journal's file: opened, checked, set aside where it is damaged, its errors worded."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from edgeverify.errors import JournalUnavailableError
from edgeverify.file_in_use import REPLACED
from edgeverify.journal.rows import read_lockouts
from edgeverify.journal.schema import SCHEMA
from edgeverify.lockout import LockoutState
from edgeverify.private_sqlite import (
    NO_LOCKS,
    NO_LOCKS_ADVICE,
    in_words,
    is_damage,
    move_aside,
    open_for_reading,
    open_private,
)

MAX_SEQUENCE = 1 << 52
"""No door counts so far; a damaged file may say so."""
MAX_WALL_MS = 4_102_444_800_000
"""The year 2100, likewise."""


@dataclass(frozen=True, slots=True)
class Salvage:
    """What could still be read from a corrupt file, so that the new one goes on from there."""

    moved_to: Path
    sequence: int = 0
    floor_ms: int | None = None
    lockouts: dict[str, LockoutState] = field(default_factory=dict)


def unavailable(
    path: Path, error: Exception, *, is_reading: bool = False
) -> JournalUnavailableError:
    """Word an error of SQLite or of the system for people."""
    words = in_words(path, error)
    if NO_LOCKS in words:
        advice = NO_LOCKS_ADVICE
    elif "full" in words or "No space" in words:
        advice = "Free space on its disk; the door opens again within seconds."
    elif "readonly" in words or "read-only" in words.lower():
        advice = "Its disk is mounted read-only, or the file belongs to another user."
    elif "I/O" in words:
        advice = "Its disk fails: see `dmesg`, and replace it."
    elif REPLACED in words:
        advice = "Find out who did: the door goes on with what lies there now, within seconds."
    elif "Permission denied" in words:
        advice = "Let the folder of the state belong to the user that runs the door."
    elif "No such file" in words:
        advice = "The folder of the state is gone: put it back, or start the door again."
    elif "locked" in words:
        advice = f"Another program has it open; find it (`fuser {path}`), and end it."
    else:
        advice = "Run `edgeverify doctor`."
    done = "read" if is_reading else "written"
    return JournalUnavailableError(f"the journal {path} cannot be {done}: {words}", advice=advice)


def connect(path: Path, *, synchronous: str = "FULL") -> sqlite3.Connection:
    """Open or make the journal; see `open_private`."""
    connection = open_private(path, SCHEMA, synchronous=synchronous)
    try:
        _require_plausible(connection)
    except BaseException:
        connection.close()
        raise
    return connection


_IMPLAUSIBLE = {
    "a fact": """SELECT name FROM facts WHERE name IN ('floor_ms', 'reserved') AND NOT
        (value GLOB '[0-9]*' AND value NOT GLOB '*[^0-9]*' AND length(value) < 17 AND
        CAST(value AS INTEGER) BETWEEN 0 AND
            CASE name WHEN 'reserved' THEN :sequence ELSE :wall END)""",
    "a sequence number": """SELECT m FROM (SELECT max(sequence) AS m, min(sequence) AS n
        FROM decisions) WHERE m NOT BETWEEN 1 AND :sequence OR n < 1""",
    "a lock-out": """SELECT key FROM lockouts WHERE typeof(key) != 'text' OR
        typeof(failures) != 'integer' OR failures NOT BETWEEN 0 AND 1000000000 OR
        (last_failure_ms IS NOT NULL AND (typeof(last_failure_ms) != 'integer' OR
            last_failure_ms NOT BETWEEN 0 AND :wall)) OR
        (locked_until_ms IS NOT NULL AND (typeof(locked_until_ms) != 'integer' OR
            locked_until_ms NOT BETWEEN 0 AND :wall))""",
    "who is inside": """SELECT card FROM inside WHERE typeof(since_ms) != 'integer' OR
        since_ms NOT BETWEEN 0 AND :wall""",
    "a claim's end": """SELECT id FROM claims WHERE typeof(id) != 'text' OR
        typeof(until_ms) != 'integer' OR until_ms NOT BETWEEN 0 AND :wall""",
}
"""What no door ever writes: a file that is whole for SQLite may hold it all the same."""


_READ_BY_EVERY_START = (
    "SELECT key FROM lockouts",
    "SELECT id FROM claims",
    "SELECT name, value FROM facts",
)
"""Text that is not UTF-8 is found here, and not for ever later."""


def _require_plausible(connection: sqlite3.Connection) -> None:
    """Treat a value that no door writes as damage: sqlite3.DatabaseError, see `is_damage`."""
    for what, query in _IMPLAUSIBLE.items():
        bounds = {"sequence": MAX_SEQUENCE, "wall": MAX_WALL_MS}
        if connection.execute(query, bounds).fetchone() is not None:
            raise sqlite3.DatabaseError(f"malformed: {what} has a value that no door writes")
    for query in _READ_BY_EVERY_START:
        connection.execute(query).fetchall()


def integrity(path: Path) -> tuple[str, ...]:
    """Run SQLite's whole `integrity_check` beside a running daemon; empty when all is well.

    Raises JournalUnavailableError where the file cannot be opened at all.
    """
    try:
        with closing(open_for_reading(path)) as connection:
            rows = [row[0] for row in connection.execute("PRAGMA integrity_check(20)")]
    except sqlite3.Error as error:
        if is_damage(error):
            return (str(error),)
        raise unavailable(path, error, is_reading=True) from None
    return () if rows == ["ok"] else tuple(rows)


def set_aside(path: Path, now: datetime) -> Salvage:
    """Rename a corrupt journal (never deleting it) and return what could be read from it."""
    salvage = _salvage(path)
    return replace(salvage, moved_to=move_aside(path, now, as_="corrupt"))


def _salvage(path: Path) -> Salvage:
    """Read what a damaged file still gives; anything implausible counts as lost."""
    sequence, floor_ms = 0, None
    lockouts: dict[str, LockoutState] = {}
    facts: dict[str, str] = {}
    with suppress(sqlite3.Error), closing(open_for_reading(path)) as old:
        with suppress(sqlite3.Error, TypeError, ValueError):
            sequence = int(old.execute("SELECT max(sequence) FROM decisions").fetchone()[0])
        with suppress(sqlite3.Error, TypeError, ValueError):
            facts = dict(old.execute("SELECT name, value FROM facts"))
        with suppress(TypeError, ValueError):
            sequence = max(sequence, int(facts.get("reserved", "0")))
        with suppress(TypeError, ValueError, KeyError):
            floor_ms = int(facts["floor_ms"])
        with suppress(sqlite3.Error, ValueError, TypeError, OverflowError):
            found = read_lockouts(old)
            lockouts = {
                key: state
                for key, state in found.items()
                if isinstance(key, str) and isinstance(state.failures, int)
            }
    if not 0 < sequence < MAX_SEQUENCE:
        sequence = 0
    if floor_ms is not None and not 0 < floor_ms < MAX_WALL_MS:
        floor_ms = None
    return Salvage(path, sequence, floor_ms, lockouts)
