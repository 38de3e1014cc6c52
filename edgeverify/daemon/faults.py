"""What does not work as it should, right now, said by every part and read by the status.

A full table of open files is told by name, and over as soon as one can be opened again.
"""

from __future__ import annotations

import errno
import logging
import os
import threading

from edgeverify.domain import ClaimSource, Degradation, FaultName


class FaultBoard:
    """A thread-safe set of degradations, one a name, in the order in which they appeared."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: dict[FaultName, Degradation] = {}
        self._changed = threading.Event()

    def raise_fault(self, name: FaultName, detail: str = "", *, is_allowed: bool = False) -> None:
        """State a fault, or change what is said of it.

        Another detail alone is no change worth telling at once: it may hold a running figure.
        """
        with self._lock:
            is_new = name not in self._faults
            self._faults[name] = Degradation(name=name, detail=detail, is_allowed=is_allowed)
        if is_new:
            self._changed.set()

    def clear(self, name: FaultName) -> None:
        """Take a fault back; nothing happens where it was not stated."""
        with self._lock:
            gone = self._faults.pop(name, None)
        if gone is not None:
            self._changed.set()

    def state(
        self, name: FaultName, detail: str, *, present: bool, is_allowed: bool = False
    ) -> None:
        """State or take back, as `present` says."""
        if present:
            self.raise_fault(name, detail, is_allowed=is_allowed)
        else:
            self.clear(name)

    def replace(self, prefix: str, faults: tuple[Degradation, ...]) -> None:
        """Make `faults` the only ones whose names begin with `prefix`."""
        names = {fault.name for fault in faults}
        for name in [fault.name for fault in self.snapshot()]:
            if name.startswith(prefix) and name not in names:
                self.clear(name)
        for fault in faults:
            self.raise_fault(fault.name, fault.detail)

    def snapshot(self) -> tuple[Degradation, ...]:
        """Return what stands now."""
        with self._lock:
            return tuple(self._faults.values())

    def __contains__(self, name: FaultName) -> bool:
        with self._lock:
            return name in self._faults

    def take_change(self) -> bool:
        """Return whether a fault came or went since the last call."""
        changed = self._changed.is_set()
        self._changed.clear()
        return changed


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


DETAIL = "no further file, pipe or connection can be opened"


def is_exhausted(error: BaseException) -> bool:
    """Return whether the process's table, or the whole machine's, was full."""
    return isinstance(error, OSError) and error.errno in {errno.EMFILE, errno.ENFILE}


def look_at_open_files(faults: FaultBoard) -> None:
    """State whether another file could be opened now."""
    try:
        os.close(os.open("/", os.O_PATH | os.O_CLOEXEC))
    except OSError as error:
        if not is_exhausted(error):
            raise
        faults.raise_fault(FaultName.OPEN_FILES_EXHAUSTED, DETAIL)
    else:
        faults.clear(FaultName.OPEN_FILES_EXHAUSTED)
