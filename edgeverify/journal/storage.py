"""The one place where the journal's file is opened, used, given up and opened again."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from edgeverify.atomic_file import read_plain
from edgeverify.file_in_use import OVERWRITTEN, REPLACED, FileInUse, leave_open
from edgeverify.journal import rows
from edgeverify.journal.database import MAX_SEQUENCE, Salvage, set_aside, unavailable
from edgeverify.journal.facts import fact, put_fact
from edgeverify.journal.seal import JournalSeal
from edgeverify.private_sqlite import is_damage

DIGITS = 20


class Numbers:
    """The file; made when the journal is first opened."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> int:
        """Return the highest number ever set aside; 0 where that is not known."""
        try:
            number = int(read_plain(self._path)[:DIGITS])
        except (OSError, ValueError):
            return 0
        return number if 0 < number < MAX_SEQUENCE else 0

    def keep(self, number: int, *, may_create: bool = True) -> None:
        """Set aside up to `number`, durably. Raises OSError; then nothing is known any more."""
        flags = os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        flags |= os.O_CREAT if may_create else 0
        try:
            descriptor = os.open(self._path, flags, 0o600)
            try:
                os.pwrite(descriptor, f"{number:0{DIGITS}d}\n".encode(), 0)
                os.fdatasync(descriptor)
            finally:
                os.close(descriptor)
        except OSError:
            # Better no number than one too low.
            with suppress(OSError):
                self._path.unlink()
            raise


WAS_SEALED_FACT = "signing_keyid"
"""A release that keeps it seals the journal too."""
RESERVED = 256
"""Sequence numbers set aside on disk, for denials that a broken journal cannot hold. A clean end
gives them back; after a crash they are a gap, which subscribers report and accept."""


class Storage:
    """A connection that comes back after its disk did, and the sequence that only ever rises.

    Not thread-safe by itself: callers hold `lock`. After any error of SQLite the connection is
    dropped, because what a failed fsync left in memory must not be built upon; the next use that
    knows the time opens the file again.
    """

    def __init__(
        self,
        path: Path,
        connect: Callable[[Path], sqlite3.Connection],
        seal: JournalSeal | None = None,
    ) -> None:
        self.path = path
        self.changed = ""
        self._seal = seal
        self.lock = threading.RLock()
        self.last = 0
        self.reserved = 0
        self.failure = "not opened yet"
        self.replaced: Path | None = None
        self._connect = connect
        self._connection: sqlite3.Connection | None = None
        self._file = FileInUse(path)
        self._in_doubt: set[str] = set()
        self._numbers = Numbers(path.with_name("journal.numbers"))

    @contextmanager
    def opened(self, now: datetime | None = None) -> Iterator[sqlite3.Connection]:
        """Lend the connection; only with a wall time may a closed file be opened.

        Raises JournalUnavailableError for whatever SQLite or the disk objects to.
        """
        try:
            self._require_same_file()
            yield self._connection or self._open_file(now)
            self._file.note()
        except (sqlite3.Error, OSError) as error:
            self.drop()
            worded = unavailable(self.path, error)
            self.failure = worded.problem.partition("cannot be written: ")[2]
            raise worded from None

    @contextmanager
    def transaction(
        self, now: datetime | None = None, event_id: str = ""
    ) -> Iterator[sqlite3.Connection]:
        """Commit everything in the block, or nothing. `event_id` names the decision in it."""
        with self.opened(now) as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                if self._seal is not None:
                    self._seal.put(connection)
                if event_id:
                    self._in_doubt.add(event_id)
                connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
                raise
        self._in_doubt.discard(event_id)
        self.failure = ""

    def set_numbers_aside(self, *, up_to: int) -> None:
        """Write it to the file beside the journal too; where that fails, nothing is lost now."""
        with suppress(OSError):
            self._numbers.keep(up_to)

    def continue_above(self, connection: sqlite3.Connection, number: int) -> None:
        """Begin to count above what an earlier state of this door has reached."""
        self.last = max(self.last, number)
        self.reserved = self.last + RESERVED
        put_fact(connection, "reserved", self.reserved)
        self.set_numbers_aside(up_to=self.reserved)

    def number_without_journal(self) -> int:
        """Return a number for a denial that the journal cannot hold; it never comes again.

        Raises OSError where none is left and none can be set aside.
        """
        if self.last >= self.reserved:
            known = max(self.last, self._numbers.read())
            if not known:
                raise OSError("no sequence number is left")
            self._numbers.keep(known + RESERVED, may_create=False)
            self.last, self.reserved = known, known + RESERVED
        self.last += 1
        return self.last

    def _require_same_file(self) -> None:
        """Let nothing be committed to a file that no restart would find. Raises sqlite3.Error."""
        if self._connection is not None and not self._file.is_there:
            leave_open(self._connection)
            self._connection = None
            self._file.remove_logs()
            self.changed = REPLACED
            raise sqlite3.OperationalError(REPLACED)
        if self._connection is not None and not self._file.is_ours:
            self.changed = OVERWRITTEN  # what lies there now is checked when it is opened
            raise sqlite3.OperationalError(OVERWRITTEN)

    def drop(self) -> None:
        """Close without a word."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()

    def _open_file(self, now: datetime | None) -> sqlite3.Connection:
        if now is None:
            raise sqlite3.OperationalError(self.failure or "it is closed")
        salvage = None
        try:
            connection = self._connect(self.path)
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
            salvage = set_aside(self.path, now)
            self.replaced = salvage.moved_to
            connection = self._connect(self.path)
        try:
            # After a failed fsync the log may hold what the disk does not: copy it, start again.
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            connection.execute("BEGIN IMMEDIATE")
            self._settle(connection, now, salvage)
            connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                connection.close()
            raise
        self._in_doubt.clear()
        self._file = FileInUse(self.path)
        self._connection, self.failure = connection, ""
        return connection

    def _settle(
        self, connection: sqlite3.Connection, now: datetime, salvage: Salvage | None
    ) -> None:
        if self._seal is not None and salvage is None and not self.last:
            was_sealed = fact(connection, WAS_SEALED_FACT) is not None
            self.changed = self._seal.problem(connection, was_sealed=was_sealed)
        for event_id in self._in_doubt:
            # The door has said "denied" meanwhile: what half-committed must not become history.
            rows.forget(connection, event_id)
        if salvage is not None:
            for key, state in salvage.lockouts.items():
                rows.put_lockout(connection, key, state)
            if salvage.floor_ms is not None:
                put_fact(connection, "floor_ms", salvage.floor_ms)
        (top,) = connection.execute("SELECT max(sequence) FROM decisions").fetchone()
        if not self.last:
            reserved = fact(connection, "reserved")
            # A new file counts on above whatever an earlier, lost one may have reached.
            start = int(reserved) if reserved else max(1, int(now.timestamp()))
            self.last = max(start, salvage.sequence if salvage else 0, self._numbers.read())
        self.continue_above(connection, top or 0)
        if self._seal is not None:
            self._seal.put(connection)
