"""May this person come in at this door at this moment? Pure.

Opening hours are read on the wall clock of their own time zone, which is what a person means by
"07:00". So a window follows summer time by itself: in the hour that does not exist in spring it is
that much shorter, and the hour that comes twice in autumn counts both times.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from edgeverify.domain import Reason
from edgeverify.settings.hours import WeeklyWindow, parse_window
from edgeverify.settings.people import HoursSettings, StaffEntry


def refusal(entry: StaffEntry, door: str, now: datetime) -> Reason | None:
    """Return why `entry` may not come in at `door` at `now` (aware), or None when they may.

    `wrong_door` comes before `not_valid_now`. Validity dates are days in the time zone of the
    entry's hours; the last day counts whole. Raises ValueError when `now` has no time zone.
    """
    if now.tzinfo is None:
        raise ValueError("a schedule needs to know the time zone of the moment")
    if not is_for(entry, door):
        return Reason.WRONG_DOOR
    local = now.astimezone(ZoneInfo(entry.hours.time_zone))
    today = local.date()
    if entry.valid_from and today < entry.valid_from:
        return Reason.NOT_VALID_NOW
    if entry.valid_until and today > entry.valid_until:
        return Reason.NOT_VALID_NOW
    if not is_open(entry.hours, now):
        return Reason.NOT_VALID_NOW
    return None


def is_for(entry: StaffEntry, door: str) -> bool:
    """Return whether somebody may come in at this door at some time."""
    return not entry.doors or door in entry.doors


def is_open(hours: HoursSettings, now: datetime) -> bool:
    """Return whether `now` (aware) lies in one of the weekly windows; without windows always."""
    if not hours.windows:
        return True
    local = now.astimezone(ZoneInfo(hours.time_zone))
    return any(_holds(parse_window(text), local) for text in hours.windows)


def _holds(window: WeeklyWindow, local: datetime) -> bool:
    minute = local.hour * 60 + local.minute
    if not window.is_over_midnight:
        return local.weekday() in window.days and window.begin <= minute < window.end
    if local.weekday() in window.days and minute >= window.begin:
        return True
    yesterday = (local.date() - timedelta(days=1)).weekday()
    return yesterday in window.days and minute < window.end
