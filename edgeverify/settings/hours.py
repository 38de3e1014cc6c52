"""Weekly windows such as "Mon-Fri 07:00-19:00": the text, and what it means."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MINUTES_A_DAY = 24 * 60

_WINDOW = re.compile(
    r"^(?P<days>[A-Za-z]{3}(?:\s*[-,]\s*[A-Za-z]{3})*)\s+"
    r"(?P<h1>\d{1,2}):(?P<m1>\d{2})\s*-\s*(?P<h2>\d{1,2}):(?P<m2>\d{2})$"
)

_EXCEPTION = re.compile(
    r"^(?P<day>\d{4}-\d{2}-\d{2})\s+"
    r"(?:closed|(?P<h1>\d{1,2}):(?P<m1>\d{2})\s*-\s*(?P<h2>\d{1,2}):(?P<m2>\d{2}))$"
)


@dataclass(frozen=True, slots=True)
class WeeklyWindow:
    """Some days of the week, from a minute of the day up to and without another.

    `days` are 0 (Monday) to 6. Where `end` is not after `begin` the window ends on the next day.
    """

    days: frozenset[int]
    begin: int
    end: int

    @property
    def is_over_midnight(self) -> bool:
        """True when the window ends on the day after it began."""
        return self.end <= self.begin


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
    match = _EXCEPTION.match(text.strip())
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
    return ExceptionalDay(day, begin, end)


def parse_window(text: str) -> WeeklyWindow:
    """Read one window: days ("Mon", "Mon-Fri", "Sat,Sun"), a space, "HH:MM-HH:MM" up to 24:00.

    Raises ValueError with a sentence for people.
    """
    match = _WINDOW.match(text.strip())
    if match is None:
        raise ValueError(f'opening hours look like "Mon-Fri 07:00-19:00", not {text!r}')
    begin = _minute(match["h1"], match["m1"], text)
    end = _minute(match["h2"], match["m2"], text)
    if begin in {end, MINUTES_A_DAY}:
        raise ValueError(f"{text!r} is empty; the whole day is 00:00-24:00")
    days: set[int] = set()
    for part in match["days"].split(","):
        first, *rest = (_day(name.strip(), text) for name in part.split("-"))
        if len(rest) > 1:
            raise ValueError(f"{text!r} has a range of days with three ends")
        last = rest[0] if rest else first
        days.update((first + step) % 7 for step in range((last - first) % 7 + 1))
    return WeeklyWindow(frozenset(days), begin, end)


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
