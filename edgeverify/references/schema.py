"""The reference database's schema, its version and how an older one becomes this one."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from edgeverify.errors import StateError

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        "CREATE TABLE key_check (only INTEGER PRIMARY KEY CHECK (only = 1), value BLOB NOT NULL)",
        """CREATE TABLE reference (
            card TEXT PRIMARY KEY NOT NULL,
            name TEXT NOT NULL,
            embedding_space TEXT NOT NULL,
            photo_count INTEGER NOT NULL,
            enrolled_at TEXT NOT NULL,
            wrapped_key BLOB NOT NULL,
            payload BLOB NOT NULL
        )""",
    ),
)
"""Statement lists: entry i brings version i to version i + 1 (`PRAGMA user_version`)."""

VERSION = len(MIGRATIONS)


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the database to VERSION, all steps or none.

    Raises StateError, naming both versions, where a newer release wrote it.
    """
    found = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if found > VERSION:
        raise StateError(
            f"{path} was written by a newer edgeverify (schema {found}; this one knows {VERSION})",
            advice="Install that release again, or restore the backup made before the upgrade",
        )
    if found == VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statements in MIGRATIONS[found:]:
            for statement in statements:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
