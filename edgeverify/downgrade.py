"""A state made to fit an older release, before going back to it: nothing of it is lost."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from edgeverify.errors import StateError
from edgeverify.journal import schema as journal_schema
from edgeverify.state import StateDirectory, check_owner


def downgrade_state(state: StateDirectory, *, journal: int, references: int) -> tuple[str, ...]:
    """Bring the databases down to the schemas that an older release knows; say what was done.

    The caller holds the lock. Raises StateError, with everything as it was, where that is not
    possible.
    """
    check_owner(state.folder)
    try:
        if state.references.exists():
            _refuse_newer_references(state, references)
        if not state.journal.exists():
            return ()
        with closing(sqlite3.connect(state.journal, isolation_level=None, timeout=5)) as connection:
            connection.execute("PRAGMA synchronous = FULL")
            before, after = journal_schema.downgrade(connection, journal)
    except sqlite3.Error as error:
        raise StateError(
            f"the state in {state.folder} cannot be made to fit: {error}",
            advice="Is its disk full or read-only? The newer release can still open it",
        ) from None
    if before == after:
        return (f"the journal has schema {after} already",)
    return (f"the journal went from schema {before} to {after}; every decision is kept",)


def _refuse_newer_references(state: StateDirectory, known: int) -> None:
    with closing(sqlite3.connect(state.references, timeout=5)) as connection:
        (found,) = connection.execute("PRAGMA user_version").fetchone()
    if found > known:
        raise StateError(
            f"the references have schema {found}, and the older release knows {known}",
            advice=f"Move {state.references} away: references are made again from the photos",
        )
