"""`commands:` and `rules:`: what an operator may order, and what a house may want; all off."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from edgeverify.settings.section import Section

_HOLIDAY = re.compile(r"^(?:\d{4}-\d{2}-\d{2}(?:\.\.\d{4}-\d{2}-\d{2})?|\d{2}-\d{2})$")


def _holiday(value: str) -> str:
    holds_on(value, date(2024, 1, 1))
    return value


def holds_on(holiday: str, day: date) -> bool:
    """Return whether a holiday as it is written falls on `day`. Raises ValueError for no holiday.

    `2026-12-25` is one day, `2026-12-24..2027-01-01` are several, the last one included, and
    `12-25` is that day of every year.
    """
    if not _HOLIDAY.match(holiday):
        raise ValueError(
            "a holiday is written as 2026-12-25, 2026-12-24..2027-01-01, or 12-25 for every year, "
            f"not {holiday!r}"
        )
    first, _, last = holiday.partition("..")
    if len(first) == 5:
        _day(f"2024-{first}", holiday)  # a leap year: 02-29 is a day
        return f"{day:%m-%d}" == first
    begin, end = _day(first, holiday), _day(last or first, holiday)
    if end < begin:
        raise ValueError(f"{holiday!r} ends before it begins")
    return begin <= day <= end


def _day(text: str, holiday: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(
            f"{holiday!r} is not a day of the calendar; the month comes before the day, as in 12-25"
        ) from None


Holiday = Annotated[str, AfterValidator(_holiday)]


class CommandSettings(Section):
    """Commands of operators: lock-down and open. Without a key nobody can command anything."""

    operator_keys: tuple[str, ...] = Field(default=(), max_length=20, strict=False)
    """PEM files with the public keys of those who may lock this door down, or open it
    (`edgeverify operator key`), relative to this file."""
    max_open_hours: float = Field(default=12.0, gt=0, le=168)
    """The longest time for which a command may open the door."""


class EvidenceSettings(Section):
    """Pictures of decisions, sealed like references. Off by default: no picture is kept."""

    keep: Literal["off", "denied", "all"] = "off"
    """`denied`: one picture of each attempt that was looked at and denied; `all`: of each.
    `evidence: denied` alone is the short form."""
    retention_days: int = Field(default=7, ge=1, le=365)
    """Older ones are destroyed."""
    max_mebibytes: int = Field(default=256, ge=1, le=65536)
    """Beyond it the oldest are destroyed."""


class RuleSettings(Section):
    """Rules that a house may want at a door; each is off unless set."""

    holidays: tuple[Holiday, ...] = Field(default=(), strict=False)
    """Days on which the weekly windows of `hours` do not begin: "2026-12-25",
    "2026-12-24..2027-01-01", or "12-25" for every year. Whoever has no windows may come in as
    ever."""
    second_person: bool = False
    """Send the notice `second_person` when somebody else is seen right after a grant: a hint that
    two people went in on one card."""
    second_person_seconds: float = Field(default=2.0, ge=0.5, le=10)
    """How long the door looks for somebody else after a grant."""
    anti_passback: Literal["off", "soft", "hard"] = "off"
    """For a door with a reader at its exit: whoever came in and was not seen going out is let in
    again and reported (`soft`), or denied (`hard`)."""
    anti_passback_hours: float = Field(default=12.0, gt=0, le=168)
    """Whoever was not seen going out counts as gone after this."""
