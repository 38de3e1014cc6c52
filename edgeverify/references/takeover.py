"""Another master key for the same references: each data key is wrapped again, nobody is enrolled.

For a door whose key lay in its state and now comes from a systemd credential or a file elsewhere.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from contextlib import closing
from pathlib import Path

from edgeverify import private_sqlite
from edgeverify.errors import StateError
from edgeverify.private_files import read_private
from edgeverify.references.database import SCHEMA
from edgeverify.references.sealing import Sealer

log = logging.getLogger(__name__)

MAX_KEY_BYTES = 4096


def take_over(references: Path, kept: Path, secret: bytes, source: str) -> bool:
    """Put what lies under the key in the state (`kept`) under `secret`; then that file goes.

    Return whether there was anything to do. A file that is not a key of these references stays, and
    so does everything else; opening them says so. `source` names the new key in the log. Raises
    KeyUnusableError (`kept` cannot be read) and StateError where the disk refuses.
    """
    if not kept.exists():
        return False
    old = read_private(kept, what="the master key", limit=MAX_KEY_BYTES)
    if old != secret and references.exists() and not _rewrap(references, old, secret):
        return False
    _destroy(kept, len(old))
    log.warning(
        "the master key comes from %s now: the references were put under it, and the key in the "
        "state directory is gone",
        source,
    )
    return True


def _rewrap(references: Path, old: bytes, new: bytes) -> bool:
    """Wrap every data key again in one transaction; False where the old key is not theirs."""
    before, after = Sealer(old), Sealer(new)
    try:
        with closing(
            private_sqlite.open_private(references, SCHEMA, secure_delete=True)
        ) as connection:
            connection.execute("BEGIN IMMEDIATE")
            row = connection.execute("SELECT value FROM key_check").fetchone()
            check = b"" if row is None else bytes(row[0])
            if check == after.key_check():
                connection.execute("ROLLBACK")
                return True  # it was cut short before the old key was removed
            if check != before.key_check():
                connection.execute("ROLLBACK")
                return False
            rows = connection.execute("SELECT card, wrapped_key FROM reference").fetchall()
            for card, wrapped in rows:
                again = before.rewrap(str(card), bytes(wrapped), after)
                connection.execute(
                    "UPDATE reference SET wrapped_key = ? WHERE card = ?", (again, card)
                )
            connection.execute("UPDATE key_check SET value = ?", (after.key_check(),))
            connection.execute("COMMIT")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except (OSError, sqlite3.DatabaseError) as error:
        raise StateError(
            f"{references} cannot be put under the new master key: {error}",
            advice="Nothing was changed. Mend the disk, or take the new key away again.",
        ) from None
    return True


def _destroy(path: Path, length: int) -> None:
    """Overwrite a key and remove it. Raises StateError."""
    try:
        with path.open("r+b") as file:
            file.write(bytes(length))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
    except OSError as error:
        raise StateError(
            f"the old master key cannot be removed: {path}: {error.strerror}"
        ) from None
