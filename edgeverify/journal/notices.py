"""Notices in the journal: written with what they are about, sent until the broker has them."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from edgeverify.domain import Notice, NoticeKind
from edgeverify.events import Signer
from edgeverify.events.messages import encode_notice
from edgeverify.journal.entry import Entry
from edgeverify.journal.rows import from_ms, to_ms

NOTICES = """
CREATE TABLE notices (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    at_ms INTEGER NOT NULL,
    kind TEXT NOT NULL,
    card TEXT NOT NULL,
    event_id TEXT NOT NULL,
    message BLOB NOT NULL,
    is_sent INTEGER NOT NULL
);
CREATE INDEX notices_by_card ON notices (card);
CREATE TABLE inside (
    card TEXT PRIMARY KEY, since_ms INTEGER NOT NULL, event_id TEXT NOT NULL
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Unsent:
    """A notice that the broker has not acknowledged yet."""

    number: int
    message: bytes


def notice_of(entry: Entry, kind: NoticeKind) -> Notice:
    """Return what those who watch are told about a decision."""
    return Notice(
        id=f"{entry.event_id}-{kind.value}",
        door=entry.door,
        kind=kind,
        card=entry.decision.card,
        event_id=entry.event_id,
        at=entry.issued_at,
    )


def put_notice(connection: sqlite3.Connection, notice: Notice, signer: Signer) -> None:
    """Write a notice down, once; the caller holds the transaction."""
    connection.execute(
        "INSERT OR IGNORE INTO notices (id, at_ms, kind, card, event_id, message, is_sent)"
        " VALUES (?,?,?,?,?,?,0)",
        (
            notice.id,
            to_ms(notice.at),
            notice.kind.value,
            notice.card,
            notice.event_id,
            encode_notice(notice, signer),
        ),
    )


def next_unsent(connection: sqlite3.Connection) -> Unsent | None:
    """Return the oldest that is still to be sent."""
    query = "SELECT number, message FROM notices WHERE NOT is_sent ORDER BY number LIMIT 1"
    found = connection.execute(query).fetchone()
    return None if found is None else Unsent(*found)


def mark_notice_sent(connection: sqlite3.Connection, number: int) -> None:
    """Take in that the broker has it."""
    connection.execute("UPDATE notices SET is_sent = 1 WHERE number = ?", (number,))


def notices_of(
    connection: sqlite3.Connection, door: str, *, card: str = "", limit: int = 20
) -> tuple[Notice, ...]:
    """Return the newest notices, newest first; `card` restricts to one card."""
    rows = connection.execute(
        "SELECT id, kind, card, event_id, at_ms FROM notices WHERE ? IN ('', card)"
        " ORDER BY number DESC LIMIT ?",
        (card, limit),
    )
    return tuple(
        Notice(
            id=name,
            door=door,
            kind=NoticeKind(kind),
            card=whose,
            event_id=event_id,
            at=from_ms(at_ms),
        )
        for name, kind, whose, event_id, at_ms in rows
    )


def came_in(connection: sqlite3.Connection, card: str, event_id: str, at: datetime) -> None:
    """Note that a card is inside from now on."""
    connection.execute("INSERT OR REPLACE INTO inside VALUES (?,?,?)", (card, to_ms(at), event_id))


def went_out(connection: sqlite3.Connection, *, card: str = "", event_id: str = "") -> bool:
    """Note that a card, or whoever was let in by a decision, is outside; False if it was so."""
    query = "DELETE FROM inside WHERE card = ? OR event_id = ?"
    return connection.execute(query, (card, event_id)).rowcount > 0


def inside_since(connection: sqlite3.Connection, card: str) -> datetime | None:
    """Return when a card came in that was not seen going out, or None."""
    found = connection.execute("SELECT since_ms FROM inside WHERE card = ?", (card,)).fetchone()
    return None if found is None else from_ms(found[0])
