"""Opening the file of references: private, whole, migrated, and of this master key."""

from __future__ import annotations

import errno
import os
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

from edgeverify.errors import KeyUnusableError, StateError
from edgeverify.private_files import PRIVATE_FILE
from edgeverify.references.schema import migrate
from edgeverify.references.sealing import Sealer

_TROUBLE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO}


class DiskTroubleError(StateError):
    """The disk is full, read-only or failing: it may be well again by itself."""


def open_database(path: Path, sealer: Sealer) -> sqlite3.Connection:
    """Open or make the file (0600), check it and migrate it.

    Raises DiskTroubleError, StateError (no access, a newer release's), KeyUnusableError, and
    sqlite3.DatabaseError where it is damaged.
    """
    # SQLite gives its -wal and -shm files the mode of the database, so this one comes first.
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags, PRIVATE_FILE)
        os.fchmod(descriptor, PRIVATE_FILE)
        os.close(descriptor)
    except OSError as error:
        kind = DiskTroubleError if error.errno in _TROUBLE else StateError
        raise kind(f"{path} cannot be opened: {error.strerror}") from None
    try:
        return _prepared(str(path), sealer, path)
    except sqlite3.OperationalError as error:
        raise DiskTroubleError(f"the references in {path} cannot be opened: {error}") from None


def open_in_memory(path: Path, sealer: Sealer) -> sqlite3.Connection:
    """Make an empty database that ends with the process; `path` is what it stands in for."""
    return _prepared(":memory:", sealer, path)


def enrolled_cards(path: Path, sealer: Sealer) -> frozenset[str]:
    """Read which cards have a reference, changing nothing. Raises StateError, KeyUnusableError."""
    try:
        address = f"{path.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=5)) as connection:
            connection.execute("PRAGMA query_only = ON")
            _check_pages(connection)
            _check_master_key(connection, sealer, path)
            return frozenset(
                str(row[0]) for row in connection.execute("SELECT card FROM reference")
            )
    except sqlite3.OperationalError as error:
        raise StateError(f"the references in {path} cannot be read: {error}") from None
    except sqlite3.DatabaseError as error:
        raise StateError(
            f"the references in {path} are damaged: {error}",
            advice="The next start moves them aside and makes them again from the photos",
        ) from None


def move_aside(path: Path, now: datetime) -> Path:
    """Rename a damaged file with its logs, never deleting it; return its new name."""
    aside = path.with_name(f"{path.name}.damaged-{now.strftime('%Y%m%dT%H%M%SZ')}")
    path.replace(aside)
    for ending in ("-wal", "-shm"):
        log = path.with_name(path.name + ending)
        if log.exists():
            log.replace(aside.with_name(aside.name + ending))
    return aside


def _prepared(address: str, sealer: Sealer, path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(address, isolation_level=None, check_same_thread=False, timeout=5)
    try:
        connection.row_factory = sqlite3.Row
        # one altered row must not keep the others from being read
        connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        _check_pages(connection)
        migrate(connection, path)
        _check_master_key(connection, sealer, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _check_pages(connection: sqlite3.Connection) -> None:
    found = connection.execute("PRAGMA quick_check").fetchone()[0]
    if found != "ok":
        raise sqlite3.DatabaseError(found)


def _check_master_key(connection: sqlite3.Connection, sealer: Sealer, path: Path) -> None:
    mine = sealer.key_check()
    row = connection.execute("SELECT value FROM key_check").fetchone()
    if row is None:
        connection.execute("INSERT INTO key_check VALUES (1, ?)", (mine,))
    elif bytes(row[0]) != mine:
        raise KeyUnusableError(
            f"{path} was written under another master key",
            advice="Put the right key back (`keys.master_key_file`, the credential, or the "
            "backup); or move that file away, and references are made again from the photos",
        )
