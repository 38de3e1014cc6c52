"""Anti-passback: a card that is inside does not come in again. Pure: time is an argument."""

from __future__ import annotations

from datetime import datetime, timedelta

from edgeverify.settings.rules import RuleSettings


def is_inside(since: datetime | None, settings: RuleSettings, now: datetime) -> bool:
    """Return whether somebody who came in at `since` (aware; None: is out) counts as inside.

    Whoever was not seen going out is forgotten after `anti_passback_hours`, and so is whoever came
    in later than `now`: a clock was wrong.
    """
    if since is None or settings.anti_passback == "off":
        return False
    return timedelta(0) <= now - since < timedelta(hours=settings.anti_passback_hours)
