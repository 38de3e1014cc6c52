"""Forgetting in small steps: by age, then by size, and only what the broker has acknowledged."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from pathlib import Path

from edgeverify.domain import REMEMBERED_AT_MOST
from edgeverify.journal.facts import LOCK_ACT
from edgeverify.private_sqlite import copies_of

STEP = 500
"""Decisions deleted at once; a commit of this many holds the file for some tens of milliseconds."""

_OLD = """SELECT sequence FROM decisions WHERE issued_ms < ?
    AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.sequence = decisions.sequence)
    ORDER BY sequence LIMIT ?"""
_OLDEST = """SELECT sequence FROM decisions
    WHERE NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.sequence = decisions.sequence)
    ORDER BY sequence LIMIT ?"""

_CLAIMS = "DELETE FROM claims WHERE NOT (until_ms BETWEEN ? AND ? OR until_ms BETWEEN ? AND ?)"
_SPAN_MS = int(REMEMBERED_AT_MOST.total_seconds() * 1000)

_OLD_LOCK = """DELETE FROM acts WHERE id IN
    (SELECT id FROM acts WHERE at_ms < ? AND act GLOB ? ORDER BY id LIMIT ?)"""


def prune_step(
    connection: sqlite3.Connection, cutoff_ms: int, max_bytes: int, times_ms: tuple[int, int]
) -> int:
    """Delete at most `STEP` delivered decisions, and the ids of claims that no longer matter.

    Ids matter around any of `times_ms`. Decisions issued before `cutoff_ms` go; where there is none
    and the used pages exceed `max_bytes`, the oldest. The caller holds the transaction. Returns how
    many decisions went.
    """
    spans = [end for now_ms in times_ms for end in (now_ms + 1, now_ms + _SPAN_MS)]
    connection.execute(_CLAIMS, spans)
    # What people did is kept; what a lock reports of every passage goes with the decisions.
    connection.execute(_OLD_LOCK, (cutoff_ms, f"{LOCK_ACT} *", STEP))
    connection.execute("DELETE FROM notices WHERE is_sent AND at_ms < ?", (cutoff_ms,))
    connection.execute("DELETE FROM inside WHERE since_ms < ?", (cutoff_ms,))
    doomed = connection.execute(_OLD, (cutoff_ms, STEP)).fetchall()
    if not doomed and used_bytes(connection) > max_bytes:
        doomed = connection.execute(_OLDEST, (STEP,)).fetchall()
    connection.executemany("DELETE FROM decisions WHERE sequence = ?", doomed)
    return len(doomed)


def drop_old_copies(journal: Path, cutoff: float) -> None:
    """Delete copies from before an upgrade that are older than `cutoff` (seconds since 1970).

    They hold what retention has taken from the journal meanwhile.
    """
    for copy in copies_of(journal):
        with suppress(OSError):
            if copy.stat().st_mtime < cutoff:
                copy.unlink()


def used_bytes(connection: sqlite3.Connection) -> int:
    """Return the size of the file's pages in use."""
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    return int((pages - free) * size)
