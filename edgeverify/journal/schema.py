"""The journal's tables, and the steps that bring an older file up to them."""

from __future__ import annotations

import sqlite3

from edgeverify.errors import StateError

SCHEMA = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE decisions (
    sequence INTEGER PRIMARY KEY,
    event_id TEXT NOT NULL UNIQUE,
    claim_id TEXT NOT NULL,
    card TEXT NOT NULL,
    source TEXT NOT NULL,
    outcome TEXT NOT NULL,
    reason TEXT NOT NULL,
    issued_ms INTEGER NOT NULL,
    duration_seconds REAL NOT NULL,
    comparisons INTEGER NOT NULL,
    matches INTEGER NOT NULL,
    score REAL,
    threshold REAL,
    details TEXT NOT NULL,
    payload BLOB NOT NULL,
    signature BLOB NOT NULL,
    keyid TEXT NOT NULL
);
CREATE INDEX decisions_by_time ON decisions (issued_ms);
CREATE TABLE frames (
    sequence INTEGER NOT NULL REFERENCES decisions ON DELETE CASCADE,
    position INTEGER NOT NULL,
    offset_seconds REAL NOT NULL,
    gate TEXT NOT NULL,
    score REAL,
    is_match INTEGER NOT NULL,
    figures TEXT NOT NULL,
    PRIMARY KEY (sequence, position)
) WITHOUT ROWID;
CREATE TABLE outbox (
    sequence INTEGER PRIMARY KEY REFERENCES decisions,
    message BLOB NOT NULL
);
CREATE TABLE lockouts (
    key TEXT PRIMARY KEY,
    failures INTEGER NOT NULL,
    last_failure_ms INTEGER,
    locked_until_ms INTEGER
) WITHOUT ROWID;
CREATE TABLE claims (id TEXT PRIMARY KEY, until_ms INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX claims_by_time ON claims (until_ms);
CREATE TABLE totals (
    outcome TEXT NOT NULL, reason TEXT NOT NULL, decisions INTEGER NOT NULL,
    PRIMARY KEY (outcome, reason)
) WITHOUT ROWID;
CREATE TABLE acts (id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, act TEXT NOT NULL,
    subject TEXT NOT NULL, by_user TEXT NOT NULL);
"""

MIGRATIONS: tuple[str, ...] = (SCHEMA,)
"""Step n brings a file from version n to n + 1; a released step is never changed again."""

VERSION = len(MIGRATIONS)


def migrate(connection: sqlite3.Connection, steps: tuple[str, ...] = MIGRATIONS) -> None:
    """Bring the file up to date, each step in a transaction of its own.

    Raises StateError where the file comes from a newer release.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(steps):
        raise StateError(
            f"the journal has schema {version}, and this release knows {len(steps)} at most",
            advice="Install the newer release again, or restore the backup made before it",
        )
    for number in range(version, len(steps)):
        connection.executescript(
            f"BEGIN IMMEDIATE;{steps[number]};PRAGMA user_version = {number + 1};COMMIT;"
        )
