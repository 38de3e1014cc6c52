"""Decisions, outbox, lock-outs and claim ids in one SQLite file, committed together."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from edgeverify.domain import Degradation, FaultName, Outcome
from edgeverify.errors import JournalUnavailableError
from edgeverify.events import LockReport, LockState, SignedDecision, Signer, sign
from edgeverify.journal import rows
from edgeverify.journal.database import connect
from edgeverify.journal.entry import Entry, Forgiven
from edgeverify.journal.facts import LOCK_ACT, fact, put_fact, raise_floor, write_act
from edgeverify.journal.impostors import (
    LiveRate,
    OtherScores,
    count_scores,
    forget_others,
    live_rate,
)
from edgeverify.journal.notices import came_in, notice_of, put_notice, went_out
from edgeverify.journal.retention import STEP, drop_old_copies, prune_step, used_bytes
from edgeverify.journal.rows import OutboxRow, from_ms, to_ms
from edgeverify.journal.seal import JournalSeal
from edgeverify.journal.storage import RESERVED, Storage
from edgeverify.lockout import LockoutState
from edgeverify.settings import JournalSettings

LOCK_FACT = "lock_id"
"""Under it the id of the lock's change that was written down last."""
LOCK_PROGRAM = "edgeverify-lock"
"""Who stands in `by_user` for what a lock reports."""
BEHIND = 1.5
"""So many times `journal.max_mebibytes`: deleting does not keep up."""


@dataclass(frozen=True, slots=True)
class OpenedJournal:
    """A journal and what had to be said about opening it."""

    journal: Journal
    notices: tuple[Degradation, ...]


class Journal:
    """The journal of one door; thread-safe; one writer (whoever holds the state lock).

    Every method that touches the file raises JournalUnavailableError when it cannot (disk full,
    read-only, failing, damaged) and tries to open it again on the next call: the door recovers with
    its disk. `connect` is replaceable for the power-cut test alone.
    """

    def __init__(
        self,
        path: Path,
        *,
        connect: Callable[[Path], sqlite3.Connection] = connect,
        seal: JournalSeal | None = None,
    ) -> None:
        self.path = path
        self._storage = Storage(path, connect, seal)
        self._lock = self._storage.lock
        self._oversized = ""

    @classmethod
    def open(cls, path: Path, *, now: datetime, seal: JournalSeal | None = None) -> OpenedJournal:
        """Open the journal; one that cannot be opened is returned too, and named in `notices`.

        With a `seal` what was changed by somebody else since is named, too.
        Raises StateError where the file comes from a newer release.
        """
        journal = cls(path, seal=seal)
        with suppress(JournalUnavailableError):
            journal.probe(now)
        return OpenedJournal(journal, journal.degradations())

    def degradations(self) -> tuple[Degradation, ...]:
        """Name what is wrong: unavailable, replaced, changed by somebody else, oversized."""
        with self._lock:
            kept, changed = self._storage.replaced, self._storage.changed
            said = {
                FaultName.JOURNAL_UNAVAILABLE: self._storage.failure,
                FaultName.JOURNAL_REPLACED: f"the damaged one is kept as {kept}" if kept else "",
                FaultName.JOURNAL_CHANGED: changed and f"{self.path.name}: {changed}",
                FaultName.JOURNAL_OVERSIZED: self._oversized,
            }
        return tuple(Degradation(name=name, detail=text) for name, text in said.items() if text)

    @property
    def last_sequence(self) -> int:
        """The highest number that was given; 0: not known."""
        return self._storage.last

    def continue_above(self, number: int, now: datetime) -> None:
        """Give only numbers above this one. Raises JournalUnavailableError."""
        with self._lock, self._storage.transaction(now) as connection:
            self._storage.continue_above(connection, number)

    def probe(self, now: datetime) -> None:
        """Commit something small if the last attempt failed or none was made; else see it is there.

        The supervisor calls it every few seconds; it is what brings a door back whose disk had
        been full. Raises JournalUnavailableError.
        """
        with self._lock:
            if not self._storage.failure:
                with self._storage.opened():
                    return
            with self._storage.transaction(now) as connection:
                put_fact(connection, "probed_ms", to_ms(now))

    def record(self, entry: Entry, signer: Signer) -> SignedDecision:
        """Write a decision with all that changes with it, durably, and return its signed bytes.

        After this returns, and only then, a grant may be published. Where it raises, the row is
        not there, or is taken back before the journal is used again.
        """
        store = self._storage
        with self._lock:
            with store.transaction(entry.issued_at, entry.event_id) as connection:
                store.last += 1  # never given back: a number that failed is a gap, not a repeat
                signed = sign(rows.payload_of(entry, store.last), signer)
                rows.insert(connection, entry, signed)
                for kind in entry.notices:
                    put_notice(connection, notice_of(entry, kind), signer)
                if entry.comes_in:
                    came_in(connection, entry.decision.card, entry.event_id, entry.issued_at)
                reserved = store.reserved
                if reserved - store.last < RESERVED // 2:
                    reserved = store.last + RESERVED
                    put_fact(connection, "reserved", reserved)
                    store.set_numbers_aside(up_to=reserved)
                if entry.floor is not None:
                    raise_floor(connection, to_ms(entry.floor))
            store.reserved = reserved
        return signed

    def sign_unrecorded(self, entry: Entry, signer: Signer) -> SignedDecision:
        """Sign a denial that the broken journal could not hold, with a reserved number.

        Raises JournalUnavailableError when none is left, and ValueError for a grant.
        """
        if entry.decision.outcome is Outcome.GRANT:
            raise ValueError("a grant without a row must not exist")
        with self._lock:
            try:
                number = self._storage.number_without_journal()
            except OSError:
                raise JournalUnavailableError(
                    f"the journal {self.path} is unavailable, and no sequence number is left"
                ) from None
            return sign(rows.payload_of(entry, number), signer)

    def outbox(self, after: int = 0, limit: int = 200) -> tuple[OutboxRow, ...]:
        """Return history messages not yet acknowledged, in order, above sequence `after`."""
        query = "SELECT sequence, message FROM outbox WHERE sequence > ? ORDER BY sequence LIMIT ?"
        with self._lock, self._storage.opened() as connection:
            return tuple(OutboxRow(*row) for row in connection.execute(query, (after, limit)))

    def outbox_length(self) -> int:
        """Count the history messages that wait."""
        with self._lock, self._storage.opened() as connection:
            return int(connection.execute("SELECT count(*) FROM outbox").fetchone()[0])

    def mark_sent(self, sequences: Iterable[int]) -> None:
        """Take acknowledged messages out of the outbox."""
        with self._lock, self._storage.transaction() as connection:
            connection.executemany(
                "DELETE FROM outbox WHERE sequence = ?", [(number,) for number in sequences]
            )

    def lockouts(self) -> dict[str, LockoutState]:
        """Return every lock-out record by key (a card, or "" for walk-up)."""
        with self._lock, self._storage.opened() as connection:
            return rows.read_lockouts(connection)

    def claim_ids(self, now: datetime) -> dict[str, datetime]:
        """Return the claim ids that must not be accepted again, and until when."""
        query = "SELECT id, until_ms FROM claims WHERE until_ms > ?"
        with self._lock, self._storage.opened() as connection:
            return {name: from_ms(ms) for name, ms in connection.execute(query, (to_ms(now),))}

    def floor(self) -> datetime | None:
        """Return the newest trusted wall time that was written down."""
        with self._lock, self._storage.opened() as connection:
            value = fact(connection, "floor_ms")
        return None if value is None else from_ms(int(value))

    def fact(self, name: str) -> str | None:
        """Return a small fact kept beside the decisions, such as the boot that saw a set clock."""
        with self._lock, self._storage.opened() as connection:
            return fact(connection, name)

    def keep_fact(self, name: str, value: str) -> None:
        """Keep a small fact."""
        with self._lock, self._storage.transaction() as connection:
            put_fact(connection, name, value)

    def count_others(self, seen: OtherScores, *, at: datetime) -> None:
        """Add a probe's scores with everybody else's references, after its grant was published."""
        with self._lock, self._storage.transaction(at) as connection:
            count_scores(connection, seen, at)

    def forget_others(self, cards: Collection[str]) -> None:
        """Keep the counts of these cards alone: whoever left the config is forgotten."""
        with self._lock, self._storage.transaction() as connection:
            forget_others(connection, cards)

    def live_rate(self, embedding_space: str) -> LiveRate:
        """Return what the door's own people say of its false match rate."""
        with self._lock, self._storage.opened() as connection:
            return live_rate(connection, embedding_space)

    def prune(self, now: datetime, settings: JournalSettings, wall: datetime | None = None) -> int:
        """Delete a few hundred delivered decisions that are too old or too many; return how many.

        Undelivered ones never go; where STEP went, there are more. `now` has passed for certain;
        claims come by what the clock says, `wall`.
        """
        oldest = now - timedelta(days=settings.retention_days)
        limit, times = settings.max_mebibytes << 20, (to_ms(now), to_ms(wall or now))
        with self._lock:
            with self._storage.transaction() as connection:
                gone = prune_step(connection, to_ms(oldest), limit, times)
                used = used_bytes(connection)
            drop_old_copies(self.path, oldest.timestamp())
            self._oversized = ""
            if gone >= STEP and used > limit * BEHIND:
                had = f"it has {used >> 20} MiB of {settings.max_mebibytes}: "
                self._oversized = f"{had}decisions come faster than the oldest are deleted"
            elif not gone and used > limit:
                self._oversized = (
                    f"it exceeds {settings.max_mebibytes} MiB with decisions that no broker has "
                    "acknowledged yet; they are kept"
                )
            if gone:
                with self._storage.opened() as connection:
                    connection.execute("PRAGMA incremental_vacuum(2000)").fetchall()
        return gone

    def unlock(self, key: str, *, at: datetime, by_user: str) -> Forgiven:
        """Forget a card's failures and that it is inside, and write down who did."""
        with self._lock, self._storage.transaction(at) as connection:
            failed = key in rows.read_lockouts(connection)
            rows.put_lockout(connection, key, LockoutState())
            forgiven = Forgiven(failed, went_out(connection, card=key))
            write_act(connection, to_ms(at), "unlock", key, by_user)
        return forgiven

    @contextmanager
    def change(self, at: datetime | None = None) -> Iterator[sqlite3.Connection]:
        """Commit everything in the block, or nothing. Raises JournalUnavailableError."""
        with self._lock, self._storage.transaction(at) as connection:
            yield connection

    def rewrite(self) -> None:
        """Write the file again without what was deleted; nothing commits meanwhile."""
        with self._lock, self._storage.opened() as connection:
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def note_act(self, act: str, subject: str, *, at: datetime, by_user: str) -> None:
        """Write down what somebody did."""
        with self._lock, self._storage.transaction(at) as connection:
            write_act(connection, to_ms(at), act, subject, by_user)

    def accept_clock(self, *, at: datetime, by_user: str) -> None:
        """Make `at` the floor, even where that lowers it, and write down who said so."""
        with self._lock, self._storage.transaction(at) as connection:
            put_fact(connection, "floor_ms", to_ms(at))
            write_act(connection, to_ms(at), "clock accept", at.isoformat(), by_user)

    def note_lock(self, report: LockReport, *, heard_at: datetime) -> bool:
        """Write down a change that the lock reported, once; return False for a repeat."""
        at = report.at or heard_at
        with self._lock, self._storage.transaction() as connection:
            if fact(connection, LOCK_FACT) == report.id:
                return False
            put_fact(connection, LOCK_FACT, report.id)
            if report.state is LockState.GRANTED_NOT_OPENED and report.event_id:
                went_out(connection, event_id=report.event_id)
            act = f"{LOCK_ACT} {report.state.value} ({report.cause.value})"
            write_act(connection, to_ms(at), act, report.event_id, LOCK_PROGRAM)
        return True

    def close(self) -> None:
        """End cleanly: give the reserved numbers back, copy the log into the file."""
        with self._lock:
            if not self._storage.failure:
                with suppress(JournalUnavailableError), self._storage.transaction() as connection:
                    put_fact(connection, "reserved", self._storage.last)
                    self._storage.set_numbers_aside(up_to=self._storage.last)
            self._storage.drop()
            self._storage.failure = "it is closed"
