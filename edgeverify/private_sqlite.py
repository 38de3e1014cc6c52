"""A private SQLite file: 0600, write-ahead logged, fully synchronous, whole, brought up to date.

Tables change by steps that only go forward. Before the first step that changes a file from an
earlier release, a copy of it can be kept beside it: what `make rollback` goes back to.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from edgeverify.atomic_file import (
    PRIVATE_FILE,
    is_on_full_disk,
    sync_folder,
    takes_no_locks,
)
from edgeverify.errors import StateError
from edgeverify.file_in_use import LOGS

CHECKED_AT_OPENING_BYTES = 64 << 20
"""Larger files are checked by `edgeverify doctor`; a start should not take half a minute."""

LOG_BYTES = 16 << 20
"""What the write-ahead log is cut back to after a burst."""

NO_LOCKS = "its file system takes no locks"
NO_LOCKS_ADVICE = "Put the state on a local disk, on a file system that takes locks (fcntl)."

UNREADABLE = "malformed: its schema is not text"
_DAMAGED = (
    "malformed",
    "not a database",
    "file is encrypted",
    "integrity check",
    "decode to UTF-8",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """A file's tables: entry n of `steps` is the SQL from version n to n + 1 (`user_version`).

    A released step is never changed: files in the field were made by it. `what` names the file in
    errors. `keeps_copy` is for files whose rows could not be made again.
    """

    what: str
    steps: tuple[str, ...]
    keeps_copy: bool = False

    @property
    def version(self) -> int:
        """The version that this release writes."""
        return len(self.steps)


class PlainErrors(sqlite3.Connection):
    """A connection whose every complaint about its file is an `sqlite3.Error`.

    SQLite quotes a damaged schema in its message, and Python cannot read what is not UTF-8: 3.11
    and later raise UnicodeDecodeError, 3.10 an error that says nothing.
    """

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        """Run a statement. Raises sqlite3.Error."""
        try:
            return super().execute(sql, parameters)
        except UnicodeDecodeError:
            raise sqlite3.DatabaseError(UNREADABLE) from None
        except sqlite3.DatabaseError as error:
            if not error.args:
                raise sqlite3.DatabaseError(UNREADABLE) from None
            raise


def open_private(
    path: Path, schema: Schema, *, synchronous: str = "FULL", secure_delete: bool = False
) -> sqlite3.Connection:
    """Open or make the file, check it, bring it up to date; transactions are the caller's.

    `synchronous` is anything but FULL only in the test that proves the power-cut rig;
    `secure_delete` overwrites what is deleted. Raises OSError, sqlite3.Error (see `is_damage`), and
    StateError where a newer release wrote the file.
    """
    # SQLite gives its -wal and -shm the mode of the database file, so this one comes first.
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(path, flags, PRIVATE_FILE)
    try:
        # A mode that is right is left alone: a read-only disk would refuse even that.
        if os.fstat(descriptor).st_mode & 0o077:
            os.fchmod(descriptor, PRIVATE_FILE)
    finally:
        os.close(descriptor)
    connection = sqlite3.connect(
        path,
        timeout=2.0,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=64,
        factory=PlainErrors,
    )
    try:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        connection.execute(f"PRAGMA secure_delete = {'ON' if secure_delete else 'OFF'}")
        _log_ahead(connection)
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute(f"PRAGMA journal_size_limit = {LOG_BYTES}")
        if path.stat().st_size <= CHECKED_AT_OPENING_BYTES:
            check_pages(connection)
        migrate(connection, schema, path)
    except BaseException:
        with suppress(sqlite3.Error):
            connection.close()
        raise
    return connection


def open_in_memory(schema: Schema) -> sqlite3.Connection:
    """Make an empty database with the same tables that ends with the process."""
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    migrate(connection, schema)
    return connection


def open_for_reading(path: Path) -> sqlite3.Connection:
    """Open an existing file for queries only, beside whoever writes it. Raises sqlite3.Error.

    Where nobody does, nothing is made beside it either (sqlite.org/wal.html, "Read-Only
    Databases": without `immutable` even a reader makes a log).
    """
    mode = "ro" if path.with_name(path.name + LOGS[0]).exists() else "ro&immutable=1"
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=5.0, factory=PlainErrors
    )
    try:
        connection.execute("PRAGMA query_only = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def has_table(connection: sqlite3.Connection, name: str) -> bool:
    """Whether the table is there: an older file that is only read has no later ones yet."""
    query = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
    return connection.execute(query, (name,)).fetchone() is not None


def migrate(connection: sqlite3.Connection, schema: Schema, path: Path | None = None) -> None:
    """Bring a file up to date, each step in a transaction of its own.

    Raises StateError where the file comes from a newer release.
    """
    version = version_of(connection)
    if version > schema.version:
        raise StateError(
            f"{schema.what} has schema {version}, and this release knows {schema.version} at most",
            advice="Install the newer release again and go back with `make rollback`, which makes "
            "the state fit; or restore the backup made before it.",
        )
    if path is not None and schema.keeps_copy and 0 < version < schema.version:
        _keep_copy(connection, path, version)
    for number in range(version, schema.version):
        _run(connection, schema.steps[number], number + 1)


def version_of(connection: sqlite3.Connection) -> int:
    """Return the version of the file's schema; 0 for an empty file."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def copy_of(path: Path, version: int) -> Path:
    """Return where the copy lies that was kept when a file of that version was first changed."""
    return path.with_name(f"{path.name}.schema-{version}")


def copies_of(path: Path) -> tuple[Path, ...]:
    """Return the copies that lie beside the file."""
    return tuple(path.parent.glob(f"{path.name}.schema-*"))


def is_damage(error: sqlite3.Error) -> bool:
    """Return whether a file is damaged, not only unreadable or unwritable just now."""
    return any(word in str(error) for word in _DAMAGED)


def in_words(path: Path, error: Exception) -> str:
    """Return what SQLite or the system says of the file, with the reason where they name another.

    Without room for what lies beside its file, or without locks, SQLite speaks of an I/O error.
    """
    words = (error.strerror if isinstance(error, OSError) else None) or str(error)
    if "I/O" in words and "full" not in words and is_on_full_disk(path):
        return f"{words}, as its disk is full"
    if any(said in words for said in ("I/O", "locked", "journal mode", "locking protocol")):
        return f"{words}, as {NO_LOCKS}" if takes_no_locks(path.parent) else words
    return words


def check_pages(connection: sqlite3.Connection) -> None:
    """Run SQLite's quick check. Raises sqlite3.DatabaseError for which `is_damage` is true."""
    (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise sqlite3.DatabaseError(f"integrity check: {verdict}")


def move_aside(path: Path, now: datetime, *, as_: str) -> Path:
    """Rename a damaged file with its logs to `NAME.as_-TIME`, never deleting it; return where."""
    name = f"{path.name}.{as_}-{now:%Y%m%dT%H%M%S}"
    target = path.with_name(name)
    number = 1
    while target.exists():
        number += 1
        target = path.with_name(f"{name}-{number}")
    for ending in (*LOGS, ""):
        part = path.with_name(path.name + ending)
        if part.exists():
            part.rename(target.with_name(target.name + ending))
    return target


def forget_moved_aside(path: Path, *, as_: str) -> int:
    """Overwrite and delete what `move_aside` has kept of a file; return how many files went.

    Overwriting reaches the bytes on a plain disk; a disk that writes elsewhere keeps what it had.
    """
    found = sorted(path.parent.glob(f"{path.name}.{as_}-*"))
    for copy in found:
        with suppress(OSError):
            with copy.open("r+b") as file:
                file.write(bytes(os.fstat(file.fileno()).st_size))
                file.flush()
                os.fsync(file.fileno())
            copy.unlink()
    return len(found)


def _log_ahead(connection: sqlite3.Connection) -> None:
    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise sqlite3.OperationalError(f"journal mode {mode!r} instead of a write-ahead log")


def _run(connection: sqlite3.Connection, step: str, version: int) -> None:
    try:
        connection.executescript(f"BEGIN IMMEDIATE;{step};PRAGMA user_version = {version};COMMIT;")
    except sqlite3.Error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _keep_copy(connection: sqlite3.Connection, path: Path, version: int) -> None:
    """Write the copy whole and durably, or raise; copies of other versions have served their time.

    VACUUM INTO (sqlite.org/lang_vacuum.html) takes one consistent picture, into an empty file.
    """
    target = copy_of(path, version)
    part = path.with_name(f".{target.name}.new")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE_FILE)
    try:
        connection.execute("VACUUM INTO ?", (str(part),))
        os.fsync(descriptor)
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)
    for other in copies_of(path):
        if other != target:
            other.unlink()
    sync_folder(path.parent)


def replace_closed(path: Path, by: Path) -> None:
    """Put the file `by` in the place of a database that nobody has open, durably.

    Raises sqlite3.OperationalError where somebody has: its log would belong to another file.
    """
    with closing(sqlite3.connect(path, isolation_level=None, timeout=2.0)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    if any(path.with_name(path.name + ending).exists() for ending in LOGS):
        raise sqlite3.OperationalError("the database is locked: another program has it open")
    by.replace(path)
    sync_folder(path.parent)
