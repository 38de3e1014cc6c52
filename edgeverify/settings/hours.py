"""Weekly windows such as "Mon-Fri 07:00-19:00": the text, and what it means."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from edgeverify.settings.hours_meant import meant, with_hyphens

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MINUTES_A_DAY = 24 * 60
LONGEST_NIGHT_MINUTES = 16 * 60
"""A window over midnight that is longer was meant otherwise: 9:00-5:00 is twenty hours."""

_WINDOW = re.compile(
    r"^(?P<days>[A-Za-z]{3}(?:\s*[-,]\s*[A-Za-z]{3})*)\s+"
    r"(?P<h1>\d{1,2}):(?P<m1>\d{2})\s*-\s*(?P<h2>\d{1,2}):(?P<m2>\d{2})$"
)

_HALF = re.compile(r"^(?:[A-Za-z]{3}(?:-[A-Za-z]{3})?|[\d:]+\s*-\s*[\d:]+)$")
"""What is left of a window on one side of a comma."""

_EXCEPTION = re.compile(
    r"^(?P<day>\d{4}-\d{2}-\d{2})\s+"
    r"(?:[Cc]losed|(?P<h1>\d{1,2}):(?P<m1>\d{2})\s*-\s*(?P<h2>\d{1,2}):(?P<m2>\d{2}))$"
)


@dataclass(frozen=True, slots=True)
class WeeklyWindow:
    """Some days of the week, from a minute of the day up to and without another.

    `days` are 0 (Monday) to 6. Where `end` is not after `begin` the window ends on the next day.
    """

    days: frozenset[int]
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class ExceptionalDay:
    """One day's own hours, from a minute of the day up to and without another.

    Both are 0 where it is closed. Where `end` is not after `begin` they end on the next day.
    """

    day: date
    begin: int = 0
    end: int = 0

    @property
    def is_closed(self) -> bool:
        """True when nobody comes in because of it."""
        return self.begin == self.end


def parse_exception(text: str) -> ExceptionalDay:
    """Read "2026-12-24 08:00-12:00" or "2026-12-31 closed".

    Raises ValueError with a sentence for people.
    """
    match = _EXCEPTION.match(with_hyphens(text).strip())
    if match is None:
        raise ValueError(
            f'an exception looks like "2026-12-24 08:00-12:00" or "2026-12-31 closed", not {text!r}'
        )
    try:
        day = date.fromisoformat(match["day"])
    except ValueError:
        raise ValueError(f"{match['day']} in {text!r} is not a day") from None
    if match["h1"] is None:
        return ExceptionalDay(day)
    begin, end = _minute(match["h1"], match["m1"], text), _minute(match["h2"], match["m2"], text)
    if begin in {end, MINUTES_A_DAY}:
        raise ValueError(f"{text!r} is empty; the whole day is 00:00-24:00")
    _refuse_a_long_night(begin, end, text)
    return ExceptionalDay(day, begin, end)


def parse_window(text: str) -> WeeklyWindow:
    """Read one window: days ("Mon", "Mon-Fri", "Sat,Sun"), a space, "HH:MM-HH:MM" up to 24:00.

    Raises ValueError with a sentence for people.
    """
    match = _WINDOW.match(with_hyphens(text).strip())
    if match is None:
        raise ValueError(
            f'opening hours look like "Mon-Fri 07:00-19:00", not {text!r}{_advice(text)}'
        )
    begin = _minute(match["h1"], match["m1"], text)
    end = _minute(match["h2"], match["m2"], text)
    if begin in {end, MINUTES_A_DAY}:
        raise ValueError(f"{text!r} is empty; the whole day is 00:00-24:00")
    _refuse_a_long_night(begin, end, text)
    days: set[int] = set()
    for part in match["days"].split(","):
        first, *rest = (_day(name.strip(), text) for name in part.split("-"))
        if len(rest) > 1:
            raise ValueError(f"{text!r} has a range of days with three ends")
        last = rest[0] if rest else first
        days.update((first + step) % 7 for step in range((last - first) % 7 + 1))
    return WeeklyWindow(frozenset(days), begin, end)


def _advice(text: str) -> str:
    if written := meant(text):
        return f'; write "{written}"'
    if _HALF.match(text.strip()):
        return "; an entry has days and times, in quotes where there is a comma"
    return ""


def _refuse_a_long_night(begin: int, end: int, text: str) -> None:
    minutes = end + MINUTES_A_DAY - begin
    if 0 < end < begin and minutes > LONGEST_NIGHT_MINUTES:
        raise ValueError(
            f"{text!r} goes over midnight and lasts {minutes / 60:g} hours; the afternoon is "
            "written as 13:00 to 23:59, and a longer night as two entries, up to 24:00 and from "
            "00:00"
        )


def _day(name: str, text: str) -> int:
    try:
        return DAYS.index(name.capitalize())
    except ValueError:
        raise ValueError(f"{name!r} in {text!r} is not a day; days are {', '.join(DAYS)}") from None


def _minute(hour: str, minute: str, text: str) -> int:
    value = int(hour) * 60 + int(minute)
    if int(minute) > 59 or value > MINUTES_A_DAY:
        raise ValueError(f"{hour}:{minute} in {text!r} is not a time of day (00:00 to 24:00)")
    return value
