"""Opening the file: private, write-ahead logged, fully synchronous, whole; else moved aside."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from edgeverify.errors import JournalUnavailableError
from edgeverify.journal.rows import read_lockouts
from edgeverify.journal.schema import migrate
from edgeverify.lockout import LockoutState

CHECKED_AT_OPENING_BYTES = 64 << 20
"""Larger files are checked by `edgeverify doctor`; a start should not take half a minute."""

MAX_SEQUENCE = 1 << 52
"""No door counts so far; a damaged file may say so."""
MAX_WALL_MS = 4_102_444_800_000
"""The year 2100, likewise."""

_CORRUPT = ("malformed", "not a database", "file is encrypted", "integrity check")


@dataclass(frozen=True, slots=True)
class Salvage:
    """What could still be read from a corrupt file, so that the new one goes on from there."""

    moved_to: Path
    sequence: int = 0
    floor_ms: int | None = None
    lockouts: dict[str, LockoutState] = field(default_factory=dict)


def is_corruption(error: sqlite3.Error) -> bool:
    """Tell a damaged file from one that cannot be written just now."""
    return any(word in str(error) for word in _CORRUPT)


def unavailable(path: Path, error: Exception) -> JournalUnavailableError:
    """Word an error of SQLite or of the system for people."""
    words = str(error)
    if "full" in words or "No space" in words:
        advice = "Free space on its disk; the door opens again within seconds"
    elif "readonly" in words or "read-only" in words.lower():
        advice = "Its disk is mounted read-only, or the file belongs to another user"
    elif "I/O" in words:
        advice = "Its disk fails: see `dmesg`, and replace it"
    else:
        advice = "Run `edgeverify doctor`"
    return JournalUnavailableError(f"the journal {path} cannot be written: {words}", advice=advice)


def connect(path: Path, *, synchronous: str = "FULL") -> sqlite3.Connection:
    """Open or make the file (0600), check it, migrate it.

    `synchronous` is anything but FULL only in the test that proves the power-cut rig. Raises
    sqlite3.Error, OSError, and StateError where the file comes from a newer release.
    """
    # SQLite gives its -wal and -shm the mode of the database file.
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    os.close(descriptor)
    connection = sqlite3.connect(
        path, timeout=2.0, isolation_level=None, check_same_thread=False, cached_statements=64
    )
    try:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        _log_ahead(connection)
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute(f"PRAGMA journal_size_limit = {16 << 20}")
        if path.stat().st_size <= CHECKED_AT_OPENING_BYTES:
            _check(connection)
        migrate(connection)
    except BaseException:
        with suppress(sqlite3.Error):
            connection.close()
        raise
    return connection


def _log_ahead(connection: sqlite3.Connection) -> None:
    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise sqlite3.OperationalError(f"journal mode {mode!r} instead of a write-ahead log")


def _check(connection: sqlite3.Connection) -> None:
    (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise sqlite3.DatabaseError(f"integrity check: {verdict}")


def integrity(path: Path) -> tuple[str, ...]:
    """Run SQLite's whole `integrity_check` beside a running daemon; empty when all is well.

    Raises JournalUnavailableError where the file cannot be opened at all.
    """
    try:
        with closing(open_for_reading(path)) as connection:
            rows = [row[0] for row in connection.execute("PRAGMA integrity_check(20)")]
    except sqlite3.Error as error:
        if is_corruption(error):
            return (str(error),)
        raise unavailable(path, error) from None
    return () if rows == ["ok"] else tuple(rows)


def open_for_reading(path: Path) -> sqlite3.Connection:
    """Open an existing journal for queries only, beside a running daemon. Raises sqlite3.Error."""
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5.0)
    connection.execute("PRAGMA query_only = ON")
    return connection


def move_aside(path: Path, now: datetime) -> Salvage:
    """Rename a corrupt journal (never deleting it) and return what could be read from it."""
    salvage = _salvage(path)
    target = path.with_name(f"{path.name}.corrupt-{now:%Y%m%dT%H%M%S}")
    number = 1
    while target.exists():
        number += 1
        target = path.with_name(f"{path.name}.corrupt-{now:%Y%m%dT%H%M%S}-{number}")
    for suffix in ("-wal", "-shm", ""):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(target.with_name(target.name + suffix))
    return replace(salvage, moved_to=target)


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
