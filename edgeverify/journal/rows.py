"""Between Python's types and SQLite's: times as whole milliseconds of UTC, the rest as JSON."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta, timezone

from edgeverify.events import DecisionPayload, EventKind, SignedDecision, encode_event
from edgeverify.journal.entry import Entry, FrameRecord
from edgeverify.lockout import LockoutState

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
COLUMNS_OF_THEIR_OWN = {"offset_seconds", "gate", "score", "is_match"}


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A history message that the broker has not acknowledged yet."""

    sequence: int
    message: bytes


def to_ms(moment: datetime) -> int:
    """Whole milliseconds since 1970 UTC."""
    return (moment - EPOCH) // timedelta(milliseconds=1)


def from_ms(milliseconds: int) -> datetime:
    """Aware UTC.

    Raises sqlite3.DatabaseError for a time that no door writes: its file is damaged.
    """
    try:
        return EPOCH + timedelta(milliseconds=milliseconds)
    except (TypeError, OverflowError):
        raise sqlite3.DatabaseError("malformed: a time that no door writes") from None


def payload_of(entry: Entry, sequence: int) -> DecisionPayload:
    """Return what will be signed."""
    return DecisionPayload(
        event_id=entry.event_id,
        door=entry.door,
        claim_id=entry.decision.claim_id,
        card=entry.decision.card,
        outcome=entry.decision.outcome,
        reason=entry.decision.reason,
        sequence=sequence,
        issued_at=entry.issued_at,
        expires_at=entry.expires_at,
        opened_by=entry.opened_by,
    )


def insert(connection: sqlite3.Connection, entry: Entry, signed: SignedDecision) -> None:
    """Write everything that belongs to one decision; the caller holds the transaction."""
    decision, sequence = entry.decision, signed.decision.sequence
    connection.execute(
        "INSERT INTO decisions VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        (
            sequence,
            entry.event_id,
            decision.claim_id,
            decision.card,
            entry.source.name,
            decision.outcome.value,
            decision.reason.value,
            to_ms(entry.issued_at),
            entry.duration_seconds,
            decision.comparisons,
            decision.matches,
            decision.score,
            decision.threshold,
            json.dumps(dict(entry.details)),
            signed.payload,
            signed.signature,
            signed.keyid,
        ),
    )
    connection.executemany(
        "INSERT INTO frames VALUES (?,?,?,?,?,?,?)",
        [_frame_row(sequence, n, frame) for n, frame in enumerate(entry.frames)],
    )
    history = encode_event(
        signed,
        EventKind.HISTORY,
        score=decision.score if entry.include_scores else None,
        threshold=decision.threshold if entry.include_scores else None,
    )
    connection.execute("INSERT INTO outbox VALUES (?,?)", (sequence, history))
    connection.executemany(
        "INSERT OR REPLACE INTO claims VALUES (?,?)",
        [(claim, to_ms(until)) for claim, until in entry.remembered_claims.items()],
    )
    for key, state in entry.lockouts.items():
        put_lockout(connection, key, state)


def put_lockout(connection: sqlite3.Connection, key: str, state: LockoutState) -> None:
    """Keep a state, or forget the key where the record is clean."""
    if state == LockoutState():
        connection.execute("DELETE FROM lockouts WHERE key = ?", (key,))
        return
    connection.execute(
        "INSERT OR REPLACE INTO lockouts VALUES (?,?,?,?)",
        (
            key,
            state.failures,
            None if state.last_failure_at is None else to_ms(state.last_failure_at),
            None if state.locked_until is None else to_ms(state.locked_until),
        ),
    )


def read_lockouts(connection: sqlite3.Connection) -> dict[str, LockoutState]:
    """Return every record that is not clean, by key."""
    query = "SELECT key, failures, last_failure_ms, locked_until_ms FROM lockouts"
    return {
        key: LockoutState(
            failures=failures,
            last_failure_at=None if last is None else from_ms(last),
            locked_until=None if until is None else from_ms(until),
        )
        for key, failures, last, until in connection.execute(query)
    }


def forget(connection: sqlite3.Connection, event_id: str) -> None:
    """Take back a decision that nobody was told; the caller holds the transaction."""
    found = connection.execute(
        "SELECT sequence FROM decisions WHERE event_id = ?", (event_id,)
    ).fetchone()
    if found is None:
        return
    connection.execute("DELETE FROM outbox WHERE sequence = ?", found)
    connection.execute("DELETE FROM decisions WHERE sequence = ?", found)


def _frame_row(
    sequence: int, position: int, frame: FrameRecord
) -> tuple[int, int, float, str, float | None, bool, str]:
    figures = {
        name: value
        for name, value in asdict(frame).items()
        if name not in COLUMNS_OF_THEIR_OWN and value not in (None, "", ())
    }
    return (
        sequence,
        position,
        frame.offset_seconds,
        frame.gate,
        frame.score,
        frame.is_match,
        json.dumps(figures),
    )
