"""Opening the file of references: private, whole, migrated, and of this master key."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from edgeverify import private_sqlite
from edgeverify.atomic_file import is_on_full_disk
from edgeverify.errors import KeyUnusableError, StateError
from edgeverify.private_sqlite import Schema
from edgeverify.references.sealing import Sealer

SCHEMA = Schema(
    what="the reference database",
    steps=(
        """
CREATE TABLE key_check (only INTEGER PRIMARY KEY CHECK (only = 1), value BLOB NOT NULL);
CREATE TABLE reference (
    card TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    embedding_space TEXT NOT NULL,
    photo_count INTEGER NOT NULL,
    enrolled_at TEXT NOT NULL,
    wrapped_key BLOB NOT NULL,
    payload BLOB NOT NULL
)""",
    ),
    # No copy: references are made again from the photos, and it would hold the keys of people
    # who are removed later.
    keeps_copy=False,
)

VERSION = SCHEMA.version
"""`make rollback` asks every release for it: the name and the place stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceSummary:
    """What may be shown about a reference; no embedding in it."""

    card: str
    name: str
    embedding_space: str
    photo_count: int
    enrolled_at: datetime


_TROUBLE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO}


class DiskTroubleError(StateError):
    """The disk is full, read-only or failing: it may be well again by itself."""


def open_database(path: Path, sealer: Sealer) -> sqlite3.Connection:
    """Open or make the file (0600), check it and migrate it.

    Raises DiskTroubleError, StateError (no access, a newer release's), KeyUnusableError, and
    sqlite3.DatabaseError where it is damaged.
    """
    try:
        return _prepared(
            private_sqlite.open_private(path, SCHEMA, secure_delete=True), sealer, path
        )
    except OSError as error:
        kind = DiskTroubleError if error.errno in _TROUBLE else StateError
        raise kind(f"{path} cannot be opened: {error.strerror}") from None
    except sqlite3.OperationalError as error:
        words = private_sqlite.in_words(path, error)
        raise DiskTroubleError(f"the references in {path} cannot be opened: {words}") from None


def open_in_memory(path: Path, sealer: Sealer) -> sqlite3.Connection:
    """Make an empty database that ends with the process; `path` is what it stands in for."""
    return _prepared(private_sqlite.open_in_memory(SCHEMA), sealer, path)


def summaries(path: Path) -> tuple[ReferenceSummary, ...]:
    """Read what may be shown of every reference by card, changing nothing and without any key.

    Raises StateError.
    """
    with _read_only(path) as connection:
        rows = connection.execute("SELECT * FROM reference ORDER BY card")
        return tuple(summary_of(row) for row in rows)


def enrolled_cards(path: Path, sealer: Sealer) -> frozenset[str]:
    """Read which cards have a reference, changing nothing. Raises StateError, KeyUnusableError."""
    return frozenset(str(row["card"]) for row in read_rows(path, sealer))


def read_rows(path: Path, sealer: Sealer) -> tuple[sqlite3.Row, ...]:
    """Read every row by card, changing nothing. Raises StateError, KeyUnusableError."""
    with _read_only(path) as connection:
        private_sqlite.check_pages(connection)
        _check_master_key(connection, sealer, path)
        return tuple(connection.execute("SELECT * FROM reference ORDER BY card"))


@contextmanager
def _read_only(path: Path) -> Iterator[sqlite3.Connection]:
    try:
        with closing(private_sqlite.open_for_reading(path)) as connection:
            connection.row_factory = sqlite3.Row
            connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
            yield connection
    except sqlite3.OperationalError as error:
        raise StateError(f"the references in {path} cannot be read: {error}") from None
    except sqlite3.DatabaseError as error:
        raise StateError(
            f"the references in {path} are damaged: {error}",
            advice="The next start moves them aside and makes them again from the photos.",
        ) from None


def summary_of(row: sqlite3.Row) -> ReferenceSummary:
    """Return what may be shown of a row."""
    return ReferenceSummary(
        card=row["card"],
        name=row["name"],
        embedding_space=row["embedding_space"],
        photo_count=row["photo_count"],
        enrolled_at=datetime.fromisoformat(row["enrolled_at"]),
    )


def _prepared(connection: sqlite3.Connection, sealer: Sealer, path: Path) -> sqlite3.Connection:
    try:
        connection.row_factory = sqlite3.Row
        # one altered row must not keep the others from being read
        connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
        _check_master_key(connection, sealer, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _check_master_key(connection: sqlite3.Connection, sealer: Sealer, path: Path) -> None:
    mine = sealer.key_check()
    row = connection.execute("SELECT value FROM key_check").fetchone()
    if row is None:
        connection.execute("INSERT INTO key_check VALUES (1, ?)", (mine,))
    elif bytes(row[0]) != mine:
        raise KeyUnusableError(
            f"{path} was written under another master key",
            advice="Put the right key back (`keys.master_key_file`, the credential, or the "
            "backup); or move that file away, and references are made again from the photos.",
        )


def advice_on_disk(error: sqlite3.Error, path: Path) -> str:
    """Return what to do where the references at `path` could not be changed."""
    if "full" in str(error) or is_on_full_disk(path):
        return "Free space on its disk: the door tries again by itself."
    if private_sqlite.NO_LOCKS in private_sqlite.in_words(path, error):
        return private_sqlite.NO_LOCKS_ADVICE
    return "Check the permissions there, and the disk."
