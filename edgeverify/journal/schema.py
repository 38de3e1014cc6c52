"""The journal's tables, and the steps that bring an older file up to them, and back down.

Rolling a release back must lose no decision: each step has a way down that keeps every row. A step
that adds what an older release has no place for leaves it, on the way down, in a table that the
older one does not look at.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from edgeverify.errors import StateError


@dataclass(frozen=True, slots=True)
class Step:
    """SQL from one version to the next, and back; a released step is never changed again."""

    up: str
    down: str


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

STEPS: tuple[Step, ...] = (
    Step(up=SCHEMA, down=""),
    # `edgeverify journal list --card` in years of decisions.
    Step(
        up="CREATE INDEX decisions_by_card ON decisions (card, sequence)",
        down="DROP INDEX decisions_by_card",
    ),
)
"""Step n brings a file from version n to n + 1 (`PRAGMA user_version`)."""

VERSION = len(STEPS)


def migrate(connection: sqlite3.Connection, steps: tuple[Step, ...] = STEPS) -> None:
    """Bring the file up to date, each step in a transaction of its own.

    Raises StateError where the file comes from a newer release.
    """
    version = _version(connection)
    if version > len(steps):
        raise StateError(
            f"the journal has schema {version}, and this release knows {len(steps)} at most",
            advice="Install the newer release again and go back with `make rollback`, which makes "
            "the state fit; or restore the backup made before it",
        )
    for number in range(version, len(steps)):
        _run(connection, steps[number].up, number + 1)


def downgrade(
    connection: sqlite3.Connection, to: int, steps: tuple[Step, ...] = STEPS
) -> tuple[int, int]:
    """Bring the file down to version `to`, at least 1, for an older release; no row is lost.

    Returns the version before and after; a file that is older already stays. Raises StateError
    where the file comes from a newer release than this one.
    """
    before = _version(connection)
    if before > len(steps):
        raise StateError(f"the journal has schema {before}, and this release knows {len(steps)}")
    for number in range(before, max(1, to), -1):
        _run(connection, steps[number - 1].down, number - 1)
    return before, _version(connection)


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _run(connection: sqlite3.Connection, script: str, version: int) -> None:
    try:
        connection.executescript(
            f"BEGIN IMMEDIATE;{script};PRAGMA user_version = {version};COMMIT;"
        )
    except sqlite3.Error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
