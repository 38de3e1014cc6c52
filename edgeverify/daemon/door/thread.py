"""The thread that turns the door, and outlives whatever a turn raises.

Whatever is raised in a turn ends the running transaction with a denial, is logged once with its
traceback (repeats are folded), and the next turn begins.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue

from edgeverify.daemon.door.door import Door
from edgeverify.daemon.faults import DETAIL, FaultBoard, is_exhausted
from edgeverify.domain import FaultName, Reason
from edgeverify.errors import ReferenceUnusableError, RuntimeUnavailableError
from edgeverify.systemd import Watch

LOG = logging.getLogger(__name__)

NAME = "door"
TURN_LIMIT_SECONDS = 10.0
"""A turn observes one frame and commits at most a few rows; beyond this it hangs."""
PAUSE_AFTER_ERROR_SECONDS = 0.2


class DoorThread:
    """Owns the door; everybody else hands it changes through `between_attempts`."""

    def __init__(self, door: Door, watch: Watch, faults: FaultBoard) -> None:
        self.door = door
        self._watch = watch
        self._faults = faults
        self._stop = threading.Event()
        self._changes: SimpleQueue[Callable[[Door], None]] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=NAME, daemon=True)

    def start(self) -> None:
        """Begin to turn."""
        self._watch.expect(NAME, within_seconds=TURN_LIMIT_SECONDS, now=time.monotonic())
        self._thread.start()

    def between_attempts(self, change: Callable[[Door], None]) -> None:
        """Apply a change in the door's own thread, never in the middle of a transaction."""
        self._changes.put(change)
        self.door.is_changing = True

    def stop(self, timeout_seconds: float) -> bool:
        """End after the current turn; return whether the thread did."""
        self._stop.set()
        self._thread.join(timeout_seconds)
        self._watch.forget(NAME)
        return not self._thread.is_alive()

    @property
    def is_running(self) -> bool:
        """True from the start until the thread has ended."""
        return self._thread.is_alive()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._watch.moved(NAME, time.monotonic())
            try:
                if self.door.attempt is None:
                    self._apply_changes()
                self._turn()
            except Exception as error:  # noqa: BLE001 - a dead thread would keep the door shut for ever
                self._failed(error)

    def _turn(self) -> None:
        attempt = self.door.attempt
        self.door.turn()
        if attempt is not None and attempt.frames:
            # A frame went all the way through: whatever had failed works again.
            self._faults.clear(FaultName.INTERNAL_ERROR)
            self._faults.clear(FaultName.MODEL_UNAVAILABLE)

    def _apply_changes(self) -> None:
        while True:
            try:
                change = self._changes.get_nowait()
            except Empty:
                return
            self.door.is_changing = False
            change(self.door)

    def _failed(self, error: Exception) -> None:
        reason = Reason.INTERNAL_ERROR
        if isinstance(error, RuntimeUnavailableError):
            reason = Reason.MODEL_UNAVAILABLE
            self._faults.raise_fault(FaultName.MODEL_UNAVAILABLE, error.problem)
        elif isinstance(error, ReferenceUnusableError):
            reason = Reason.REFERENCE_UNUSABLE
        if is_exhausted(error):
            LOG.error("a turn of the door failed: too many open files")
            self._faults.raise_fault(FaultName.OPEN_FILES_EXHAUSTED, DETAIL)
        else:
            LOG.error("a turn of the door failed: %s", type(error).__name__, exc_info=error)
            self._faults.raise_fault(FaultName.INTERNAL_ERROR, type(error).__name__)
        try:
            self.door.fail(reason)
        except Exception:
            LOG.exception("the denial could not be written")
            self.door.attempt = None
        self._stop.wait(PAUSE_AFTER_ERROR_SECONDS)
