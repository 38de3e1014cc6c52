"""Who may come in when: stories at a door in London (and one in New York)."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeverify.domain import Reason
from edgeverify.schedule import is_open, refusal
from edgeverify.settings import HoursSettings, StaffEntry
from edgeverify.settings.hours import parse_window

LONDON = "Europe/London"


def person(**fields: object) -> StaffEntry:
    return StaffEntry.model_validate({"card": "1", "name": "Ada", "photos": ["a.jpg"]} | fields)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


def hours(*windows: str, zone: str = LONDON) -> dict[str, object]:
    return {"time_zone": zone, "windows": windows}


def test_ada_may_come_in_anywhere_at_any_time() -> None:
    assert refusal(person(), "front-door", utc("2026-11-22T03:00")) is None


def test_bob_has_a_card_for_another_door() -> None:
    bob = person(doors=["workshop"])
    assert refusal(bob, "workshop", utc("2026-11-22T12:00")) is None
    assert refusal(bob, "front-door", utc("2026-11-22T12:00")) is Reason.WRONG_DOOR


def test_the_wrong_door_is_told_before_the_wrong_time() -> None:
    bob = person(doors=["workshop"], valid_until="2020-01-01")
    assert refusal(bob, "front-door", utc("2026-11-22T12:00")) is Reason.WRONG_DOOR


@pytest.mark.parametrize(
    ("moment", "reason"),
    [
        ("2026-02-28T23:59:59", Reason.NOT_VALID_NOW),
        ("2026-03-01T00:00:00", None),
        ("2026-03-31T22:59:59", None),  # 23:59:59 in London's summer time: the last day is whole
        ("2026-03-31T23:00:00", Reason.NOT_VALID_NOW),
    ],
)
def test_a_contractor_is_valid_on_whole_days_of_her_own_time_zone(
    moment: str, reason: Reason | None
) -> None:
    contractor = person(
        valid_from="2026-03-01", valid_until="2026-03-31", hours={"time_zone": LONDON}
    )
    assert refusal(contractor, "front-door", utc(moment)) is reason


@pytest.mark.parametrize(
    ("moment", "may_enter"),
    [
        ("2026-11-23T06:59:59", False),  # a Monday
        ("2026-11-23T07:00:00", True),
        ("2026-11-23T18:59:59", True),
        ("2026-11-23T19:00:00", False),
        ("2026-11-22T12:00:00", False),  # a Sunday
    ],
)
def test_office_hours_begin_on_the_minute_and_end_before_theirs(
    moment: str,
    may_enter: bool,  # noqa: FBT001 - a column of the table
) -> None:
    clerk = person(hours=hours("Mon-Fri 07:00-19:00"))
    assert (refusal(clerk, "front-door", utc(moment)) is None) is may_enter


@pytest.mark.parametrize(
    ("moment", "may_enter"),
    [
        ("2026-11-27T21:59", False),  # Friday
        ("2026-11-27T22:00", True),
        ("2026-11-28T05:59", True),  # Saturday morning belongs to Friday's window
        ("2026-11-28T06:00", False),
        ("2026-11-28T23:00", False),  # Saturday night has no window
        ("2026-11-29T03:00", False),
        ("2026-11-23T03:00", False),  # Monday morning would belong to Sunday
    ],
)
def test_a_window_over_midnight_belongs_to_the_day_on_which_it_begins(
    moment: str,
    may_enter: bool,  # noqa: FBT001 - a column of the table
) -> None:
    guard = person(hours=hours("Mon-Fri 22:00-06:00"))
    assert (refusal(guard, "front-door", utc(moment)) is None) is may_enter


def test_the_whole_day_ends_at_midnight() -> None:
    sunday = HoursSettings.model_validate(hours("Sun 00:00-24:00"))
    assert is_open(sunday, utc("2026-11-22T23:59:59"))
    assert not is_open(sunday, utc("2026-11-23T00:00:00"))


def test_a_week_may_wrap_around() -> None:
    assert parse_window("Sat-Mon 08:00-09:00").days == {5, 6, 0}


def test_summer_time_moves_the_door_with_the_clock_on_the_wall() -> None:
    clerk = HoursSettings.model_validate(hours("Mon-Sun 07:00-19:00"))
    assert not is_open(clerk, utc("2026-03-28T06:30"))  # the day before: 06:30 in London
    assert is_open(clerk, utc("2026-03-29T06:30"))  # summer time began: 07:30


def test_an_hour_that_does_not_exist_lets_nobody_in_and_shuts_nobody_out_for_long() -> None:
    night = HoursSettings.model_validate(hours("Sun 01:00-02:00"))  # skipped on 29 March 2026
    assert not any(
        is_open(night, utc("2026-03-29T00:00") + timedelta(minutes=m)) for m in range(180)
    )


def test_an_hour_that_comes_twice_counts_both_times() -> None:
    night = HoursSettings.model_validate(hours("Sun 01:00-02:00"))
    open_minutes = sum(
        is_open(night, utc("2026-10-25T00:00") + timedelta(minutes=m)) for m in range(180)
    )
    assert open_minutes == 120


def test_hours_are_those_of_the_person_s_time_zone_not_of_the_server() -> None:
    clerk = HoursSettings.model_validate(hours("Mon 09:00-10:00", zone="America/New_York"))
    assert is_open(clerk, utc("2026-11-23T14:30"))
    assert not is_open(clerk, utc("2026-11-23T09:30"))


def test_a_moment_without_a_time_zone_is_a_mistake_of_the_program() -> None:
    with pytest.raises(ValueError, match="time zone"):
        refusal(person(), "front-door", datetime(2026, 1, 1))  # noqa: DTZ001 - that is the point


MOMENTS = st.datetimes(
    min_value=datetime(2020, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone itself
    max_value=datetime(2040, 1, 1),  # noqa: DTZ001
    timezones=st.just(timezone.utc),
)


@given(MOMENTS, st.integers(0, 1439), st.integers(0, 1439))
def test_a_window_and_its_complement_are_never_both_open(
    now: datetime, begin: int, end: int
) -> None:
    if begin == end or min((end - begin) % 1440, (begin - end) % 1440) < 8 * 60:
        return  # a night of more than sixteen hours is refused

    def clock(minute: int) -> str:
        return f"{minute // 60:02}:{minute % 60:02}"

    there = HoursSettings.model_validate(hours(f"Mon-Sun {clock(begin)}-{clock(end)}"))
    back = HoursSettings.model_validate(hours(f"Mon-Sun {clock(end)}-{clock(begin)}"))
    assert is_open(there, now) is not is_open(back, now)
