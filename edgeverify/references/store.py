"""Where references live: SQLite, mode 0600, every embedding sealed, nothing of the removed left."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType

from typing_extensions import Self

from edgeverify.errors import StateError
from edgeverify.file_in_use import OVERWRITTEN, REPLACED, FileInUse, leave_open
from edgeverify.private_sqlite import forget_moved_aside, move_aside
from edgeverify.references.database import (
    DiskTroubleError,
    ReferenceSummary,
    advice_on_disk,
    open_database,
    open_in_memory,
    summary_of,
)
from edgeverify.references.loading import LoadedReferences, StoredReference, loaded, photos_of
from edgeverify.references.sealing import WRAPPED_KEY_BYTES, PhotoEmbedding, Sealer

_TRIAL = Path("/nonexistent/trial.sqlite")
"""What a store that keeps nothing is called."""


class ReferenceStore:
    """All references of one door. May be used from several threads; one process at a time."""

    def __init__(
        self,
        path: Path,
        master_secret: bytes,
        *,
        now: datetime,
        may_repair: bool = True,
        may_wait: bool = False,
        keeps: bool = True,
    ) -> None:
        """Open `path`, making it where absent; `master_secret` is 32 bytes.

        A damaged database is moved aside (`moved_aside` names it) and an empty one made, because
        references are made again from their photos; without `may_repair`, for those who only look
        while the daemon may be writing, it is a StateError. With `may_wait` a disk that is full,
        read-only or failing is not an error: an empty database in memory stands in, and `problem`
        says why, until `return_to_disk`. Without `keeps` nothing is written at all: a trial, which
        ends with the store. Raises StateError (a newer release's database, no access) and
        KeyUnusableError (another master key).
        """
        self.path = path
        self.moved_aside: Path | None = None
        self.problem = ""
        self.changed = ""
        self._sealer = Sealer(master_secret)
        self._lock = threading.RLock()
        try:
            self._connection = (
                self._opened(now, may_repair=may_repair)
                if keeps
                else open_in_memory(path, self._sealer)
            )
        except DiskTroubleError as error:
            if not may_wait:
                raise
            self.problem = error.problem
            self._connection = open_in_memory(path, self._sealer)
        self._file = FileInUse(path)
        self._is_left = False

    @classmethod
    def trial(cls, now: datetime) -> Self:
        """Return an empty store that writes nothing and ends with itself."""
        return cls(_TRIAL, os.urandom(32), now=now, keeps=False)

    def return_to_disk(self, now: datetime) -> bool:
        """Leave memory for the disk if that is well again; False while it is not.

        What the disk held before is what counts then: enrol again. Raises as the constructor does.
        """
        try:
            on_disk = self._opened(now, may_repair=True)
        except DiskTroubleError as error:
            self.problem = error.problem
            return False
        with self._lock:
            before, self._connection = self._connection, on_disk
            self._file = FileInUse(self.path)
            self.problem = ""
            is_left, self._is_left = self._is_left, False
        if is_left and self.changed == REPLACED:
            leave_open(before)
        else:
            before.close()
        return True

    def look(self) -> None:
        """See that the file is the one opened, and as it was left; else nothing until it returned.

        `problem` says why until then, and `changed` what was done to it. Where nobody can tell, as
        in a folder that may not be entered, the next look does.
        """
        with self._lock, suppress(OSError):
            if self.problem:
                return
            if not self._file.is_there:
                self._is_left = True
                with suppress(OSError):
                    self._file.remove_logs()
                self.changed = REPLACED
            elif not self._file.is_ours:
                # Closed first: what it knows of the pages is no longer so, and a second connection
                # would share it.
                self._connection.close()
                self._connection = open_in_memory(self.path, self._sealer)
                self._is_left = True
                self.changed = OVERWRITTEN
            else:
                return
            self.problem = f"the references in {self.path}: {self.changed}"

    def _opened(self, now: datetime, *, may_repair: bool) -> sqlite3.Connection:
        try:
            return open_database(self.path, self._sealer)
        except sqlite3.DatabaseError as error:
            if not may_repair:
                raise StateError(f"the references in {self.path} are damaged: {error}") from None
            self.moved_aside = move_aside(self.path, now, as_="damaged")
            return open_database(self.path, self._sealer)

    def put(
        self, card: str, name: str, photos: tuple[PhotoEmbedding, ...], *, now: datetime
    ) -> None:
        """Keep a person's photo embeddings, in place of any earlier ones, whose key goes.

        All embeddings are of one embedding space. Raises ValueError for none or a mixture, and
        StateError when the disk refuses.
        """
        spaces = {photo.embedding.embedding_space for photo in photos}
        if len(spaces) != 1:
            raise ValueError("a reference is made of photos embedded by one model")
        space = spaces.pop()
        sealed = self._sealer.seal(card, space, photos)
        with self._writing() as connection:
            self._destroy_key(connection, card)
            connection.execute(
                "INSERT OR REPLACE INTO reference VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    card,
                    name,
                    space,
                    len(photos),
                    now.isoformat(),
                    sealed.wrapped_key,
                    sealed.payload,
                ),
            )

    def rename(self, card: str, name: str) -> None:
        """Set the display name of a person to that the config has now; the reference stays."""
        with self._writing() as connection:
            connection.execute("UPDATE reference SET name = ? WHERE card = ?", (name, card))

    def get(self, card: str) -> StoredReference | None:
        """Open one reference; None when there is none. Raises ReferenceUnusableError."""
        row = self._read("SELECT * FROM reference WHERE card = ?", card)
        return self._stored(row[0]) if row else None

    def load(self, embedding_space: str) -> LoadedReferences:
        """Open all, each person's photos fused; those of another model are refused by name."""
        rows = self._read("SELECT * FROM reference ORDER BY card")
        return loaded(rows, self._sealer, embedding_space)

    def list(self) -> tuple[ReferenceSummary, ...]:
        """All references by card; nothing is decrypted."""
        rows = self._read("SELECT * FROM reference ORDER BY card")
        return tuple(summary_of(row) for row in rows)

    def remove(self, card: str) -> bool:
        """Destroy a reference: its wrapped key is overwritten, then the row and the log go.

        False when there was none. Raises StateError when the disk refuses.
        """
        with self._writing() as connection:
            found = self._destroy_key(connection, card)
            connection.execute("DELETE FROM reference WHERE card = ?", (card,))
        # A damaged file that was kept may hold this reference too.
        if forget_moved_aside(self.path, as_="damaged"):
            self.moved_aside = None
        return found

    def close(self) -> None:
        """Leave one plain file without a log beside it."""
        with self._lock:
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction, after which no earlier page is left in the write-ahead log."""
        with self._lock:
            self.look()
            if self._is_left:
                raise StateError(self.problem, advice="The door opens it again within seconds.")
            connection = self._connection
            try:
                connection.execute("BEGIN IMMEDIATE")
                try:
                    yield connection
                    connection.execute("COMMIT")
                except BaseException:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                    raise
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            except sqlite3.Error as error:
                said = f"the references in {self.path} cannot be changed: {error}"
                raise StateError(said, advice=advice_on_disk(error, self.path)) from None
            finally:
                self._file.note()

    def _destroy_key(self, connection: sqlite3.Connection, card: str) -> bool:
        changed = connection.execute(
            "UPDATE reference SET wrapped_key = zeroblob(?) WHERE card = ?",
            (WRAPPED_KEY_BYTES, card),
        )
        return changed.rowcount > 0

    def _read(self, query: str, *values: str) -> Sequence[sqlite3.Row]:
        with self._lock:
            try:
                return self._connection.execute(query, values).fetchall()
            except sqlite3.Error as error:
                raise StateError(f"the references in {self.path} cannot be read: {error}") from None

    def _stored(self, row: sqlite3.Row) -> StoredReference:
        return StoredReference(summary=summary_of(row), photos=photos_of(row, self._sealer))
