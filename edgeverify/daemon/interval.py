"""Something that is done every so often."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Every:
    """Tells when it is time again; the first time is now."""

    every_seconds: float
    last: float = float("-inf")

    def now(self, at: float) -> bool:
        """Return whether it is time, and if so begin the next interval; `at` is in seconds."""
        if at - self.last < self.every_seconds:
            return False
        self.last = at
        return True
