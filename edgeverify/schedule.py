"""May this person come in at this door at this moment? Pure.

Opening hours are read on the wall clock of their own time zone, which is what a person means by
"07:00". So a window follows summer time by itself: in the hour that does not exist in spring it is
that much shorter, and the hour that comes twice in autumn counts both times.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from edgeverify.domain import Reason
from edgeverify.settings.hours import MINUTES_A_DAY, parse_exception, parse_window
from edgeverify.settings.people import HoursSettings, StaffEntry
from edgeverify.settings.rules import holds_on


def refusal(
    entry: StaffEntry, door: str, now: datetime, holidays: Collection[str] = ()
) -> Reason | None:
    """Return why `entry` may not come in at `door` at `now` (aware), or None when they may.

    `wrong_door` comes before `not_valid_now`. Validity dates are days in the time zone of the
    entry's hours; the last day counts whole. Raises ValueError when `now` has no time zone, or the
    hours name none where it matters: a config without one is refused before.
    """
    if now.tzinfo is None:
        raise ValueError("a schedule needs to know the time zone of the moment")
    if not is_for(entry, door):
        return Reason.WRONG_DOOR
    is_valid = _is_within_dates(entry, now) and is_open(entry.hours, now, holidays)
    return None if is_valid else Reason.NOT_VALID_NOW


def is_for(entry: StaffEntry, door: str) -> bool:
    """Return whether somebody may come in at this door at some time."""
    return not entry.doors or door in entry.doors


def is_open(hours: HoursSettings, now: datetime, holidays: Collection[str] = ()) -> bool:
    """Return whether `now` (aware) lies in somebody's hours; without windows always.

    A day of `exceptions` has those hours instead of its windows. On a day of `holidays` no window
    begins, unless the hours are `as_usual` then; one that began the evening before goes on.
    """
    if not hours.windows and not hours.exceptions:
        return True
    local = _on_the_wall(hours, now)
    minute, today = local.hour * 60 + local.minute, local.date()
    yesterday = today - timedelta(days=1)
    return any(
        begin <= minute < (end if end > begin else MINUTES_A_DAY)
        for begin, end in _hours_of(hours, today, holidays)
    ) or any(end <= begin and minute < end for begin, end in _hours_of(hours, yesterday, holidays))


def _hours_of(
    hours: HoursSettings, day: date, holidays: Collection[str]
) -> tuple[tuple[int, int], ...]:
    """Return from and to which minutes somebody may come in, by what begins on `day`."""
    own = [one for one in map(parse_exception, hours.exceptions) if one.day == day]
    if own:
        return tuple((one.begin, one.end) for one in own if not one.is_closed)
    if not hours.windows:
        return ((0, MINUTES_A_DAY),)
    if hours.on_holidays == "closed" and any(holds_on(one, day) for one in holidays):
        return ()
    windows = map(parse_window, hours.windows)
    return tuple((one.begin, one.end) for one in windows if day.weekday() in one.days)


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
