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
    entry's hours; the last day counts whole. Raises ValueError when `now` has no time zone, or the
    hours name none where it matters: a config without one is refused before.
    """
    if now.tzinfo is None:
        raise ValueError("a schedule needs to know the time zone of the moment")
    if not is_for(entry, door):
        return Reason.WRONG_DOOR
    is_valid = _is_within_dates(entry, now) and is_open(entry.hours, now)
    return None if is_valid else Reason.NOT_VALID_NOW


def is_for(entry: StaffEntry, door: str) -> bool:
    """Return whether somebody may come in at this door at some time."""
    return not entry.doors or door in entry.doors


def is_open(hours: HoursSettings, now: datetime) -> bool:
    """Return whether `now` (aware) lies in one of the weekly windows; without windows always."""
    if not hours.windows:
        return True
    local = _on_the_wall(hours, now)
    return any(_holds(parse_window(text), local) for text in hours.windows)


def _is_within_dates(entry: StaffEntry, now: datetime) -> bool:
    if entry.valid_from is None and entry.valid_until is None:
        return True
    today = _on_the_wall(entry.hours, now).date()
    is_early = entry.valid_from is not None and today < entry.valid_from
    is_late = entry.valid_until is not None and today > entry.valid_until
    return not is_early and not is_late


def _on_the_wall(hours: HoursSettings, now: datetime) -> datetime:
    if not hours.time_zone:
        raise ValueError("hours and dates without a time zone mean nothing")
    return now.astimezone(ZoneInfo(hours.time_zone))


def _holds(window: WeeklyWindow, local: datetime) -> bool:
    minute = local.hour * 60 + local.minute
    if not window.is_over_midnight:
        return local.weekday() in window.days and window.begin <= minute < window.end
    if local.weekday() in window.days and minute >= window.begin:
        return True
    yesterday = (local.date() - timedelta(days=1)).weekday()
    return yesterday in window.days and minute < window.end
