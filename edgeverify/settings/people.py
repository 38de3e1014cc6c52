"""`enrolment:` and `staff:`: who may come in, where and when."""

from __future__ import annotations

import functools
import re
from datetime import date
from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator
from typing_extensions import Self

from edgeverify.domain import Language
from edgeverify.settings.hours import parse_exception, parse_window
from edgeverify.settings.hours_meant import meant
from edgeverify.settings.section import Section

CARD = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._:\-]{0,63}$")


def _card(value: str) -> str:
    if not CARD.match(value):
        raise ValueError(
            "a card number is 1 to 64 letters, digits and . _ : - beginning with a letter or digit"
        )
    return value


@functools.cache
def _time_zones() -> frozenset[str]:
    # reading the whole zone database takes tens of milliseconds: once is enough for all staff
    return frozenset(available_timezones())


def _time_zone(value: str) -> str:
    if value in _OF_NOWHERE:
        raise ValueError(
            f"{value!r} is another time zone on each machine; use a name such as Europe/Berlin"
        )
    if turned := _TURNED.match(value):
        side = "west" if turned["sign"] == "+" else "east"
        raise ValueError(
            f"{value!r} means {turned['hours']} h {side} of Greenwich, without summer time; use a "
            "name such as Europe/Berlin"
        )
    if value and value not in _time_zones():
        raise ValueError(f"unknown time zone {value!r}; {_zone_meant(value)}")
    return value


def _zone_meant(value: str) -> str:
    wanted = value.strip().lower().replace(" ", "_")
    near = [
        name
        for name in sorted(_time_zones())
        if "/" in name and wanted in {name.lower(), name.lower().rpartition("/")[2]}
    ]
    return f"did you mean {near[0]}?" if near else "use a name such as Europe/Berlin"


_OF_NOWHERE = frozenset({"localtime", "Factory"})
_TURNED = re.compile(r"^Etc/GMT(?P<sign>[+-])(?P<hours>[1-9]\d?)$")
"""POSIX has the sign the other way round than everybody else."""
DAY = re.compile(r"^\d{4}-\d{2}-\d{2}$")


def _day(value: object) -> object:
    # pydantic would also take a number, or its text, as seconds since 1970
    if value is None or type(value) is date or (isinstance(value, str) and DAY.match(value)):
        return value
    raise ValueError(f"a day is written as 2026-12-31, not {_as_written(value)}")


def _as_written(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "a list or section" if isinstance(value, list | tuple | dict) else repr(value)


def _window_text(value: object) -> object:
    if isinstance(value, dict) and len(value) == 1:
        (days, times), *_ = value.items()
        written = meant(f"{days} {times}") or "Mon-Fri 07:00-19:00"
        raise ValueError(f'a colon and a space make days a key; write "{written}"')
    return value


def _window(value: str) -> str:
    parse_window(value)
    return value


def _exception(value: str) -> str:
    parse_exception(value)
    return value


def _hours_section(value: object) -> object:
    """Refuse hours beside the key, as text or as a list, with what to write instead."""
    if isinstance(value, dict | Section):
        return value
    shown = "a list" if isinstance(value, list | tuple) else repr(value)
    written = (meant(value) if isinstance(value, str) else None) or "Mon-Fri 07:00-19:00"
    raise ValueError(
        f'hours are a section: write `hours: {{windows: ["{written}"]}}` instead of {shown}'
    )


Exceptional = Annotated[str, AfterValidator(_exception)]
Day = Annotated[date, BeforeValidator(_day)]
Window = Annotated[str, BeforeValidator(_window_text), AfterValidator(_window)]
CardNumber = Annotated[str, AfterValidator(_card)]
TimeZone = Annotated[str, AfterValidator(_time_zone)]


class EnrolmentSettings(Section):
    """What an ID-card photo must be like."""

    min_eye_distance_pixels: float = Field(default=20.0, ge=10, le=1000)
    """Between the eyes in a photo; smaller faces are not enrolled. Where all photos of a person are
    below 35, they are held to a tighter threshold."""
    warn_eye_distance_pixels: float = Field(default=60.0, ge=10, le=1000)
    """Smaller photos are enrolled with a warning."""
    max_photo_mebibytes: float = Field(default=32.0, gt=0, le=100)
    """Larger files are refused before they are read."""
    max_photo_megapixels: float = Field(default=25.0, gt=0, le=200)
    """Larger pictures are refused before they are decoded."""
    camera_only: bool = False
    """Let people in whose photos were all taken before this door's own camera (`camera_photos`).
    Before one camera everybody looks more alike, and few people were measured this way."""


class HoursSettings(Section):
    """Weekly opening hours."""

    time_zone: TimeZone = ""
    """An IANA name such as Europe/London; empty: the door's `time_zone`. One of them must be
    written where there are windows or dates."""
    windows: tuple[Window, ...] = Field(default=(), strict=False)
    """Such as "Mon-Fri 07:00-19:00" or "Sat,Sun 22:00-06:00" (over midnight: the day it began)."""
    exceptions: tuple[Exceptional, ...] = Field(default=(), strict=False)
    """Days with hours of their own, such as "2026-12-24 08:00-12:00" or "2026-12-31 closed";
    several for one day add up."""
    on_holidays: Literal["closed", "as_usual"] = "closed"
    """Whether the windows begin on a day of `rules.holidays`."""

    @model_validator(mode="after")
    def _days_are_open_or_closed(self) -> Self:
        days = [parse_exception(text) for text in self.exceptions]
        both = {one.day for one in days if one.is_closed} & {
            one.day for one in days if not one.is_closed
        }
        if both:
            raise ValueError(f"exceptions has {min(both)} as closed and with hours; keep one")
        return self


class StaffEntry(Section):
    """One person."""

    card: CardNumber
    """The card number, quoted: without quotes 0012345 would become another number."""
    duress_card: CardNumber | None = None
    """A second number of this person, quoted: it opens like the first, and says `duress` where the
    person at the door cannot see it."""
    name: str = Field(min_length=1, max_length=200)
    """As it should stand in lists and logs; never compared."""
    photos: tuple[str, ...] = Field(min_length=1, max_length=20, strict=False)
    """ID-card photos, relative to the config's folder and inside it."""
    camera_photos: tuple[str, ...] = Field(default=(), max_length=20, strict=False)
    """Those of `photos` that were taken before this door's own camera. They are held to a stricter
    threshold, and count only beside a photo from elsewhere (`enrolment.camera_only`)."""
    valid_from: Day | None = Field(default=None, strict=False)
    """The first day."""
    valid_until: Day | None = Field(default=None, strict=False)
    """The last day; both in the time zone of `hours`."""
    doors: tuple[str, ...] = Field(default=(), strict=False)
    """Empty: every door."""
    hours: HoursSettings = HoursSettings()
    """Without windows: always."""
    language: Language | None = None
    """What a screen at the door says to this person; without it the door's `language`."""

    @field_validator("hours", mode="before")
    @classmethod
    def _hours_are_a_section(cls, value: object) -> object:
        return _hours_section(value)

    @model_validator(mode="after")
    def _camera_photos_are_photos(self) -> Self:
        for name in self.camera_photos:
            if name not in self.photos:
                raise ValueError(f"camera_photos names {name!r}, which is not among photos")
        return self

    @model_validator(mode="after")
    def _dates_in_order(self) -> Self:
        if self.valid_from and self.valid_until and self.valid_until < self.valid_from:
            raise ValueError("valid_until lies before valid_from")
        return self
