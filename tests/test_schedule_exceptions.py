"""Holidays and exceptions: stories, and a year of every hour."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeverify.schedule import is_open
from edgeverify.settings import HoursSettings
from edgeverify.settings.rules import holds_on

LONDON = ZoneInfo("Europe/London")
CHRISTMAS = ("12-25", "2026-12-28..2027-01-01")


def hours(**fields: object) -> HoursSettings:
    return HoursSettings.model_validate({"time_zone": "Europe/London"} | fields)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LONDON)


OFFICE = hours(windows=["Mon-Fri 07:00-19:00"])
GUARD = hours(windows=["Mon-Sun 22:00-06:00"])


@pytest.mark.parametrize(
    ("who", "moment", "expected"),
    [
        (OFFICE, "2026-12-24T12:00", True),
        (OFFICE, "2026-12-25T12:00", False),
        (OFFICE, "2026-12-29T12:00", False),
        (OFFICE, "2027-01-01T12:00", False),
        (OFFICE, "2027-01-04T12:00", True),
        (OFFICE, "2028-12-25T12:00", False),
        (GUARD, "2026-12-25T02:00", True),  # began on the 24th
        (GUARD, "2026-12-25T23:00", False),
        (GUARD, "2026-12-26T02:00", False),
        (hours(windows=["Mon-Fri 07:00-19:00"], on_holidays="as_usual"), "2026-12-25T12:00", True),
        (hours(), "2026-12-25T12:00", True),
    ],
)
def test_no_window_begins_on_a_holiday(who: HoursSettings, moment: str, *, expected: bool) -> None:
    assert is_open(who, at(moment), CHRISTMAS) is expected


def test_an_exception_has_hours_of_its_own_on_a_holiday_too() -> None:
    stocktaking = hours(
        windows=["Mon-Fri 07:00-19:00"],
        exceptions=["2026-12-25 09:00-11:00", "2026-12-25 22:00-02:00", "2026-12-23 closed"],
    )
    said = {
        "2026-12-23T12:00": False,
        "2026-12-24T12:00": True,
        "2026-12-25T10:00": True,
        "2026-12-25T12:00": False,
        "2026-12-25T23:00": True,
        "2026-12-26T01:00": True,
        "2026-12-26T02:00": False,
    }
    assert {text: is_open(stocktaking, at(text), CHRISTMAS) for text in said} == said


def test_somebody_without_windows_stays_out_on_a_closed_day_alone() -> None:
    ada = hours(exceptions=["2026-05-01 closed"])
    assert not is_open(ada, at("2026-05-01T12:00"))
    assert is_open(ada, at("2026-05-02T00:00"))


@pytest.mark.parametrize(
    "text", ["2026-13-01", "25-12-2026", "2026-12-25..2026-12-24", "02-30", "tomorrow", ""]
)
def test_what_is_no_holiday_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"holiday|day|month|before"):
        holds_on(text, date(2026, 1, 1))


@pytest.mark.parametrize("text", ["2026-12-24", "2026-02-30 closed", "2026-12-24 09:00-09:00"])
def test_what_is_no_exception_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"exception|is not a day|is empty"):
        hours(exceptions=[text])


@given(day=st.dates(date(2020, 1, 1), date(2035, 12, 31)))
def test_a_yearly_holiday_is_one_day_of_each_year(day: date) -> None:
    assert holds_on(f"{day:%m-%d}", day)
    assert sum(holds_on(f"{day:%m-%d}", day + timedelta(days=n)) for n in range(365)) <= 2


def test_a_year_hour_by_hour_is_the_year_without_holidays_less_those_days() -> None:
    moment, end = (
        datetime(2026, 1, 1, tzinfo=timezone.utc),
        datetime(2027, 1, 1, tzinfo=timezone.utc),
    )
    shut = 0
    while moment < end:
        local = moment.astimezone(LONDON)
        is_holiday = any(holds_on(one, local.date()) for one in CHRISTMAS)
        usual = is_open(OFFICE, moment)
        assert is_open(OFFICE, moment, CHRISTMAS) is (usual and not is_holiday)
        shut += usual and is_holiday
        moment += timedelta(hours=1)
    assert shut == 5 * 12
