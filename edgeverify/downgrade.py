"""A state made to fit an older release before going back to it: no decision is lost.

The journal that lay there before the upgrade is kept as a copy (`private_sqlite`). It comes back,
and with it everything written since that the older release has a place for.
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from edgeverify.atomic_file import PRIVATE_FILE
from edgeverify.errors import StateError
from edgeverify.journal.schema import VERSION
from edgeverify.private_sqlite import copy_of, open_for_reading, replace_closed, version_of
from edgeverify.state import StateDirectory, check_owner


def downgrade_state(state: StateDirectory, *, journal: int, references: int) -> tuple[str, ...]:
    """Bring the state back to the schemas that an older release knows; say what was done.

    The caller holds the lock. Raises StateError, with everything as it was, where that is not
    possible.
    """
    check_owner(state.folder)
    try:
        if state.references.exists():
            _refuse_newer_references(state, references)
        if not state.journal.exists():
            return ()
        found = _version(state.journal)
        if found > VERSION:
            raise StateError(f"the journal has schema {found}, and this release knows {VERSION}")
        if found <= journal:
            return (f"the journal has schema {found} already",)
        copy = _newest_copy(state.journal, journal)
        went_to = _version(copy)
        _go_back(state.journal, copy)
    except (sqlite3.Error, OSError) as error:
        raise StateError(
            f"the state in {state.folder} cannot be made to fit: {error}",
            advice="Is its disk full or read-only? The newer release can still open it.",
        ) from None
    return (f"the journal went from schema {found} to {went_to}; every decision is kept",)


def _go_back(journal: Path, copy: Path) -> None:
    """Put the copy in the journal's place, filled with what stands there now."""
    filled = journal.with_name(f".{copy.name}.filled")
    filled.unlink(missing_ok=True)
    filled.touch(PRIVATE_FILE)
    try:
        shutil.copyfile(copy, filled)
        with closing(sqlite3.connect(filled, isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("ATTACH DATABASE ? AS newer", (str(journal),))
            connection.execute("BEGIN IMMEDIATE")
            for table in _tables(connection, "main"):
                _carry_over(connection, table)
            connection.execute("COMMIT")
            connection.execute("DETACH DATABASE newer")
        replace_closed(journal, filled)
    except BaseException:
        filled.unlink(missing_ok=True)
        raise
    copy.unlink()


def _carry_over(connection: sqlite3.Connection, table: str) -> None:
    """Fill one table with its newer rows; one that is gone meanwhile stays as it was."""
    newer = set(_columns(connection, "newer", table))
    both = ", ".join(name for name in _columns(connection, "main", table) if name in newer)
    if both:
        connection.execute(f"DELETE FROM main.{table}")  # noqa: S608 - names from the files
        connection.execute(
            f"INSERT INTO main.{table} ({both}) SELECT {both} FROM newer.{table}"  # noqa: S608 - likewise
        )


def _tables(connection: sqlite3.Connection, database: str) -> list[str]:
    # `database` is one of the two names under which the files are open.
    query = f"SELECT name FROM {database}.sqlite_master WHERE type = 'table'"  # noqa: S608
    return [str(name) for (name,) in connection.execute(query) if not name.startswith("sqlite_")]


def _columns(connection: sqlite3.Connection, database: str, table: str) -> list[str]:
    return [row[1] for row in connection.execute(f"PRAGMA {database}.table_info({table})")]


def _newest_copy(journal: Path, known: int) -> Path:
    for version in range(known, 0, -1):
        if copy_of(journal, version).exists():
            return copy_of(journal, version)
    raise StateError(
        f"no copy from before the upgrade lies beside {journal}, and the older release knows "
        f"schema {known} at most",
        advice="Stay with this release; or restore a backup that the older one made: "
        "`edgeverify restore`. The copy goes when it is older than `journal.retention_days`.",
    )


def _version(path: Path) -> int:
    with closing(open_for_reading(path)) as connection:
        return version_of(connection)


def _refuse_newer_references(state: StateDirectory, known: int) -> None:
    found = _version(state.references)
    if found > known:
        raise StateError(
            f"the references have schema {found}, and the older release knows {known}",
            advice=f"Move {state.references} away: references are made again from the photos.",
        )
