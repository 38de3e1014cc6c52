"""Proof that every loop still turns; the watchdog is fed from it and from nothing else.

A thread that only feeds the watchdog would hide a hung inference (TensorRT releases the GIL while
it hangs), so each loop beats for itself, and a step that may hang states its limit first.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(slots=True)
class _Beat:
    deadline: float
    limit_seconds: float


class Heartbeats:
    """Deadlines by loop name. `now` is a monotonic clock in seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._beats: dict[str, _Beat] = {}

    def beat(self, loop: str, limit_seconds: float = 5.0) -> None:
        """Say that `loop` has turned and will again within `limit_seconds`."""
        with self._lock:
            self._beats[loop] = _Beat(self._now() + limit_seconds, limit_seconds)

    def retire(self, loop: str) -> None:
        """Say that `loop` has ended on purpose."""
        with self._lock:
            self._beats.pop(loop, None)

    @contextmanager
    def within(self, loop: str, limit_seconds: float) -> Iterator[None]:
        """Bound a step that may hang; afterwards the loop is back at its usual limit."""
        with self._lock:
            usual = self._beats[loop].limit_seconds if loop in self._beats else 5.0
        self.beat(loop, limit_seconds)
        try:
            yield
        finally:
            self.beat(loop, usual)

    def late(self) -> tuple[str, ...]:
        """Return the loops that have not moved in time; empty when all is well."""
        now = self._now()
        with self._lock:
            return tuple(name for name, beat in self._beats.items() if now > beat.deadline)
