"""Which card readers are away: one fault for all of them, with what each has said."""

from __future__ import annotations

import logging
import threading

from edgeverify.daemon.faults import FaultBoard
from edgeverify.domain import ClaimSource, FaultName

LOG = logging.getLogger(__name__)


class ReaderHealth:
    """Thread-safe; each reader's thread calls it."""

    def __init__(self, faults: FaultBoard) -> None:
        self._faults = faults
        self._lock = threading.Lock()
        self._away: dict[str, str] = {}

    def __call__(self, source: ClaimSource, problem: str) -> None:
        """Take in why `source` cannot read; empty once it can (again)."""
        with self._lock:
            before = self._away.pop(source.name, "")
            if problem:
                self._away[source.name] = problem
            said = " ".join(f"{name}: {text}" for name, text in sorted(self._away.items()))
            self._faults.state(FaultName.READER_UNAVAILABLE, said, present=bool(said))
        if problem and problem != before:
            LOG.warning("the reader %s is away: %s", source.name, problem)
        elif before and not problem:
            LOG.info("the reader %s is back", source.name)
