"""The reference database's tables, and the steps that bring an older file up to them."""

from __future__ import annotations

from edgeverify.private_sqlite import Schema

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
