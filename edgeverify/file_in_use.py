"""Whether the file that a connection writes to is still the one that its name leads to.

SQLite writes on into a file that was deleted, moved or replaced under it, and says nothing
(sqlite.org/howtocorrupt.html, "Unlinking or renaming a database file while in use").
"""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from pathlib import Path

LOGS = ("-wal", "-shm")
REPLACED = "it was deleted, moved or replaced while the door ran"
OVERWRITTEN = "another program wrote into it while the door ran"


_LEFT: list[sqlite3.Connection] = []


def leave_open(connection: sqlite3.Connection) -> None:
    """Keep a lost file's connection until the process ends.

    Closing it, as its garbage collection would too, would delete the new file's log.
    """
    _LEFT.append(connection)


class FileInUse:
    """A database file, and the logs beside it, as they were when it was opened."""

    def __init__(self, path: Path) -> None:
        """Remember what lies at `path` now, with its logs; a connection has it open."""
        self._parts: dict[Path, tuple[int, int] | None] = {}
        with suppress(OSError):
            self._parts = {part: _identity_of(part) for part in _parts_of(path)}
        self._path = path
        self._log = path.with_name(path.name + LOGS[0])
        self._written: tuple[int, int] | None = None
        self._logged = -1
        with suppress(OSError):  # nothing has it open then
            self.note()

    def note(self) -> None:
        """Remember what the connection itself has written by now. Raises as `is_there` does."""
        self._written, self._logged = _content_of(self._path), _size_of(self._log)

    @property
    def is_ours(self) -> bool:
        """True while nobody else has written into it since. Raises as `is_there` does.

        Whoever empties the log through SQLite writes only what stood there.
        """
        is_emptied = self._logged > 0 and _size_of(self._log) == 0
        return is_emptied or _content_of(self._path) == self._written

    @property
    def is_there(self) -> bool:
        """True while the name still leads to it.

        Raises OSError where nobody can tell, as in a folder that may not be entered: what cannot
        be looked at was not replaced.
        """
        return _identity_of(self._path) == self._parts.get(self._path)

    def remove_logs(self) -> None:
        """Delete the lost file's logs, which another file of its name would take for its own.

        Raises OSError.
        """
        for part, identity in self._parts.items():
            if part != self._path and identity is not None and _identity_of(part) == identity:
                part.unlink()


def _parts_of(path: Path) -> tuple[Path, ...]:
    return tuple(path.with_name(path.name + ending) for ending in ("", *LOGS))


def _content_of(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_size, found.st_mtime_ns


def _size_of(path: Path) -> int:
    found = _content_of(path)
    return -1 if found is None else found[0]


def _identity_of(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_dev, found.st_ino
