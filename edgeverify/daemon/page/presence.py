"""Whether the local page is there: it says so every few seconds, or what keeps it from running."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

PATIENCE_SECONDS = 45.0
"""The page tells of itself every ten; it may also begin after the door."""


@dataclass(slots=True, eq=False)
class Presence:
    """When the page was heard last; `since` is when it was first waited for. Seconds, monotonic."""

    since: float
    _heard_at: float | None = None
    _problem: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def heard(self, now: float, problem: str = "") -> None:
        """Note a sign of life, or what keeps the page from running."""
        with self._lock:
            self._heard_at, self._problem = now, problem

    def fault(self, now: float) -> str:
        """Return what is wrong with the page, in words; empty where it is there."""
        with self._lock:
            heard_at, problem = self._heard_at, self._problem
        silent = now - (self.since if heard_at is None else heard_at)
        if problem:
            return problem
        if silent <= PATIENCE_SECONDS:
            return ""
        return f"nothing was heard of it for {silent:.0f} s"
