"""The state on disk under a running door: tried again while it fails, and kept small."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from edgeverify.claims import ClaimGate
from edgeverify.clock import SystemClock
from edgeverify.daemon.door.situation import Board
from edgeverify.daemon.faults import FaultBoard
from edgeverify.daemon.sealed_facts import StateFiles
from edgeverify.daemon.signing_key import KeyRing
from edgeverify.daemon.timekeeping import (
    BELIEVED_FACT,
    BOOT_FACT,
    DOUBT_FACT,
    LEAST_FACT,
    Timekeeper,
    remembered_boot,
)
from edgeverify.domain import FaultName
from edgeverify.errors import EdgeverifyError, JournalUnavailableError, StateError
from edgeverify.journal import Journal
from edgeverify.journal.retention import STEP
from edgeverify.journal.rows import EPOCH
from edgeverify.references import ReferenceStore
from edgeverify.references.evidence import EvidenceFolder

REMEMBER_EVERY = timedelta(hours=1)

LOG = logging.getLogger(__name__)


@dataclass(slots=True, eq=False, kw_only=True)
class Upkeep:
    """Called by the supervisor every few seconds; each call holds the files briefly.

    `journal_was_read` is False where floor, boot and claim ids could not be read at the start.
    """

    keys: KeyRing
    files: StateFiles
    journal: Journal
    journal_was_read: bool
    store: ReferenceStore
    gate: ClaimGate
    clock: SystemClock
    time: Timekeeper
    board: Board
    faults: FaultBoard
    evidence: EvidenceFolder
    remembered_least: datetime | None = None

    def probe_journal(self) -> None:
        """Try a journal that failed; learn from it what could not be read at the start."""
        journal, now = self.journal, self.time.wall()
        try:
            journal.probe(now)
            if not self.journal_was_read:
                self._learn(now)
            self.time.learn_floor(journal.floor())
            self._remember_clock()
        except JournalUnavailableError as error:
            LOG.warning("%s", error.problem)

    def _learn(self, now: datetime) -> None:
        journal = self.journal
        self.gate.remember(journal.claim_ids(now))
        self.clock.learn(journal.fact(BOOT_FACT))
        self.time.learn(
            floor=journal.floor(),
            believed=journal.fact(BELIEVED_FACT),
            is_doubted=bool(journal.fact(DOUBT_FACT)),
        )
        self.journal_was_read = True

    def _remember_clock(self) -> None:
        journal = self.journal
        boot = self.clock.boot_to_remember
        if boot is not None and journal.fact(BOOT_FACT) != boot:
            journal.keep_fact(BOOT_FACT, boot)
        doubt = "yes" if self.time.is_doubted else ""
        if (journal.fact(DOUBT_FACT) or "") != doubt:
            journal.keep_fact(DOUBT_FACT, doubt)
        believed = self.time.to_remember()
        known = remembered_boot(journal.fact(BELIEVED_FACT))
        if believed is not None and known != self.clock.boot:
            journal.keep_fact(BELIEVED_FACT, believed)

    def look_at_keys(self) -> bool:
        """Begin with an announced key whose time has come; True where the status is to be told.

        A clock that is not believed lets no key begin.
        """
        settings = self.board.current.settings
        now = (
            self.time.wall()
            if self.time.is_trusted()
            else datetime.min.replace(tzinfo=timezone.utc)
        )
        days = settings.keys.previous_key_days
        is_news = self.keys.look(door=settings.door, now=now, previous_days=days)
        if self.keys.has_written:
            with suppress(JournalUnavailableError):  # then at the next look
                self.files.keep()
                self.keys.has_written = False
        return is_news

    def prune_journal(self) -> bool:
        """Let a few decisions go that retention no longer keeps; return whether there are more.

        What is old is told by time that has passed for certain, so that it goes on where the clock
        is not believed; where no time is known at all, by size alone.
        """
        least = self.time.at_least()
        allows = self.board.current.settings.clock.allow_unsynced
        now = least or (self.time.wall() if allows else EPOCH)
        self._prune_evidence(now)
        try:
            self._remember_least(least)
            kept = self.board.current.settings.journal
            return self.journal.prune(now, kept, self.time.wall()) >= STEP
        except JournalUnavailableError as error:
            LOG.warning("%s", error.problem)
            return False

    def _prune_evidence(self, now: datetime) -> None:
        # A picture that cannot be deleted keeps no decision in the journal beyond its time.
        kept = self.board.current.settings.evidence
        oldest = now - timedelta(days=kept.retention_days)
        try:
            self.evidence.prune(oldest, kept.max_mebibytes << 20)
        except StateError as error:
            LOG.warning("%s", error.problem)

    def _remember_least(self, least: datetime | None) -> None:
        kept = self.remembered_least
        if least is None or (kept is not None and least - kept < REMEMBER_EVERY):
            return
        self.journal.keep_fact(LEAST_FACT, least.isoformat())
        self.remembered_least = least

    def return_references(self) -> bool:
        """Move references to the disk where they were not; True when all are to be enrolled."""
        store = self.store
        store.look()
        if not store.problem:
            self.faults.clear(FaultName.REFERENCES_IN_MEMORY)
            return False
        if store.changed:
            detail = f"{store.path.name}: {store.changed}"
            self.faults.raise_fault(FaultName.STATE_CHANGED, detail)
        try:
            is_back = store.return_to_disk(self.time.wall())
        except EdgeverifyError as error:
            self.faults.raise_fault(FaultName.REFERENCES_IN_MEMORY, error.problem)
            return False
        if is_back:
            self.faults.clear(FaultName.REFERENCES_IN_MEMORY)
            LOG.info("the references are on their disk again")
        else:
            self.faults.raise_fault(FaultName.REFERENCES_IN_MEMORY, store.problem)
            LOG.warning("%s", store.problem)
        return is_back
