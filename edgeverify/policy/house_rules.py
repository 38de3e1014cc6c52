"""What a house may want beside the decision (`rules:`). Pure: time is an argument.

Anti-passback: a card that is inside does not come in again. Second person: whether somebody else
follows right after a grant, told once and only a hint.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from edgeverify.settings.rules import RuleSettings

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


def is_inside(since: datetime | None, settings: RuleSettings, now: datetime) -> bool:
    """Return whether somebody who came in at `since` (aware; None: is out) counts as inside.

    Whoever was not seen going out is forgotten after `anti_passback_hours`, and so is whoever came
    in later than `now`: a clock was wrong.
    """
    if since is None or settings.anti_passback == "off":
        return False
    return timedelta(0) <= now - since < timedelta(hours=settings.anti_passback_hours)
