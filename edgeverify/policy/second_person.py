"""Whether somebody else follows right after a grant: told once, and only a hint. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

STRANGERS = 2
"""Frames that show another face by itself before it counts: one may be a bad picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondPerson:
    """Watches from a grant on. Times are monotonic seconds; `strangers` counts frames."""

    event_id: str
    card: str
    granted_at: float
    seconds: float
    strangers: int = 0
    is_told: bool = False

    def is_over(self, now: float) -> bool:
        """Return whether nothing can come of it any more."""
        return self.is_told or now > self.granted_at + self.seconds

    def observe(self, at: float, *, faces: int, is_other: bool) -> SecondPerson:
        """Take in a frame captured at `at`; where what is returned `is_told`, it is to be told.

        `faces` is how many it shows, `is_other` whether its one face is not that of whoever was let
        in. Two faces in one frame count at once.
        """
        if self.is_over(at) or at <= self.granted_at:
            return self
        strangers = self.strangers + (faces == 1 and is_other)
        return replace(self, strangers=strangers, is_told=faces > 1 or strangers >= STRANGERS)
