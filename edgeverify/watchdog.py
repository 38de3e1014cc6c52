"""Which critical loops have moved: systemd's watchdog is only fed while all of them do.

A loop has moved when its supervisor turned, also while camera or broker are away; a piece of work
in flight (an inference, a commit) beyond its limit has not. A free-running heartbeat thread would
hide a hung inference, so every loop speaks for itself.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass


@dataclass(slots=True)
class _Loop:
    moved_at: float
    limit_seconds: float


class Watch:
    """Thread-safe record of when each critical loop last moved (monotonic seconds)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loops: dict[str, _Loop] = {}

    def expect(self, loop: str, *, within_seconds: float, now: float) -> None:
        """Watch `loop` from now on, or change its limit; counts as a move."""
        with self._lock:
            self._loops[loop] = _Loop(now, within_seconds)

    def moved(self, loop: str, now: float) -> None:
        """Report that `loop` turned; an unknown loop is a programmer's error (KeyError)."""
        with self._lock:
            self._loops[loop].moved_at = now

    def forget(self, loop: str) -> None:
        """Stop watching a loop that ended on purpose."""
        with self._lock:
            self._loops.pop(loop, None)

    def stuck(self, now: float) -> tuple[str, ...]:
        """Name the loops that have not moved within their limit, in alphabetical order."""
        with self._lock:
            return tuple(
                sorted(
                    name
                    for name, loop in self._loops.items()
                    if now - loop.moved_at > loop.limit_seconds
                )
            )
