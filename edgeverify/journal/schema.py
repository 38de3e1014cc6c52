"""The journal's tables, and the steps that bring an older file up to them."""

from __future__ import annotations

from edgeverify.journal.notices import NOTICES
from edgeverify.private_sqlite import Schema

_FIRST = """
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

_IMPOSTORS = """
CREATE TABLE impostors (
    card TEXT NOT NULL,
    embedding_space TEXT NOT NULL,
    grants INTEGER NOT NULL,
    others INTEGER NOT NULL,
    comparisons INTEGER NOT NULL,
    false_matches INTEGER NOT NULL,
    since_ms INTEGER NOT NULL,
    until_ms INTEGER NOT NULL,
    PRIMARY KEY (card, embedding_space)
) WITHOUT ROWID;
CREATE TABLE impostor_scores (
    card TEXT NOT NULL,
    embedding_space TEXT NOT NULL,
    bin INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (card, embedding_space, bin)
) WITHOUT ROWID;
"""

SCHEMA = Schema(
    what="the journal",
    steps=(
        _FIRST,
        # `edgeverify journal list --card` in years of decisions.
        "CREATE INDEX decisions_by_card ON decisions (card, sequence)",
        "DROP TABLE totals",  # counters that nothing read
        _IMPOSTORS,
        NOTICES,
    ),
    keeps_copy=True,
)

VERSION = SCHEMA.version
"""`make rollback` asks every release for it: the name and the place stay."""
