"""The state on disk under a running door: tried again while it fails, and kept small."""

from __future__ import annotations

import logging

from edgeverify.daemon.service import BELIEVED_FACT, BOOT_FACT, Service
from edgeverify.daemon.timekeeping import remembered_boot
from edgeverify.domain import FaultName
from edgeverify.errors import EdgeverifyError, JournalUnavailableError

LOG = logging.getLogger("edgeverify.service")


class Upkeep:
    """Called by the supervisor every few seconds; each call holds the files briefly."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._has_read = service.journal_was_read

    def probe_journal(self) -> None:
        """Try a journal that failed; learn from it what could not be read at the start."""
        service = self._service
        journal, now = service.journal, service.time.wall()
        try:
            journal.probe(now)
            service.time.learn_floor(journal.floor())
            if not self._has_read:
                service.gate.remember(journal.claim_ids(now))
                service.clock.learn(journal.fact(BOOT_FACT))
                self._has_read = True
            boot = service.clock.boot_to_remember
            if boot is not None and journal.fact(BOOT_FACT) != boot:
                journal.keep_fact(BOOT_FACT, boot)
            believed = service.time.to_remember()
            known = remembered_boot(journal.fact(BELIEVED_FACT))
            if believed is not None and known != service.clock.boot:
                journal.keep_fact(BELIEVED_FACT, believed)
        except JournalUnavailableError as error:
            LOG.warning("%s", error.problem)

    def prune_journal(self) -> None:
        """Let decisions go that retention no longer keeps."""
        service = self._service
        now = service.time.floor()
        if now is None:
            return  # a clock that is not believed must not decide what is old
        try:
            service.journal.prune(now, service.board.current.settings.journal)
        except JournalUnavailableError as error:
            LOG.warning("%s", error.problem)

    def return_references(self) -> bool:
        """Move references back from memory to the disk; True when everybody is to be enrolled."""
        service = self._service
        store = service.store
        if not store.problem:
            service.faults.clear(FaultName.REFERENCES_IN_MEMORY)
            return False
        try:
            is_back = store.return_to_disk(service.time.wall())
        except EdgeverifyError as error:
            service.faults.raise_fault(FaultName.REFERENCES_IN_MEMORY, error.problem)
            return False
        if is_back:
            service.faults.clear(FaultName.REFERENCES_IN_MEMORY)
            LOG.info("the references are on their disk again")
        else:
            service.faults.raise_fault(FaultName.REFERENCES_IN_MEMORY, store.problem)
            LOG.warning("%s", store.problem)
        return is_back
