"""Forgetting in small steps: by age, then by size, and only what the broker has acknowledged."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from pathlib import Path

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

_OLD_LOCK = """DELETE FROM acts WHERE id IN
    (SELECT id FROM acts WHERE at_ms < ? AND act GLOB ? ORDER BY id LIMIT ?)"""


def prune_step(
    connection: sqlite3.Connection, cutoff_ms: int, max_bytes: int, now_ms: int, step: int = STEP
) -> int:
    """Delete at most `step` delivered decisions, and the claim ids that no longer matter.

    Those issued before `cutoff_ms`; where there is none and the used pages exceed `max_bytes`, the
    oldest. The caller holds the transaction. Returns how many decisions went.
    """
    connection.execute("DELETE FROM claims WHERE until_ms <= ?", (now_ms,))
    # What people did is kept; what a lock reports of every passage goes with the decisions.
    connection.execute(_OLD_LOCK, (cutoff_ms, f"{LOCK_ACT} *", step))
    connection.execute("DELETE FROM notices WHERE is_sent AND at_ms < ?", (cutoff_ms,))
    connection.execute("DELETE FROM inside WHERE since_ms < ?", (cutoff_ms,))
    doomed = connection.execute(_OLD, (cutoff_ms, step)).fetchall()
    if not doomed and used_bytes(connection) > max_bytes:
        doomed = connection.execute(_OLDEST, (step,)).fetchall()
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
