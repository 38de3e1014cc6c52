"""Hours as office managers write them: taken for what they mean, or refused with what to write."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from edgeverify.config import load_config
from edgeverify.schedule import is_open
from edgeverify.settings.hours_meant import meant
from tests.config.told import told as all_told

ADA = 'time_zone: Europe/Berlin\nstaff:\n  - card: "1"\n    name: Ada\n    photos: [ada.jpg]\n'
KEY = "staff[0].hours"
BERLIN = ZoneInfo("Europe/Berlin")
FRIDAY = datetime(2026, 11, 27, tzinfo=BERLIN)


def written_in(folder: Path, text: str) -> Path:
    path = folder / "door.yaml"
    path.write_text(text, "utf-8")
    return path


def told(folder: Path, text: str) -> str:
    """The one mistake that is named; without the file."""
    (said,) = all_told(folder / "door.yaml", text)
    return said.removeprefix(f"{folder / 'door.yaml'}:")


def is_open_on_friday(folder: Path, window: str, hour: int, minute: int = 0) -> bool:
    text = f"{ADA}    hours: {{windows: [{window}], time_zone: Europe/Berlin}}\n"
    hours = load_config(written_in(folder, text)).settings.staff[0].hours
    return is_open(hours, FRIDAY.replace(hour=hour, minute=minute))


@pytest.mark.parametrize(
    "window",
    [
        "Mon-Fri 07:00-19:00",
        "Mon-Fri 7:00-19:00",
        "Mon\u2013Fri 07:00\u201319:00",
        "Mon-Fri 07:00 \u2212 19:00",
        "MON - FRI 07:00 - 19:00",
        '"Mon,Wed, Fri 07:00-19:00"',
    ],
)
def test_one_meaning_in_several_spellings(tmp_path: Path, window: str) -> None:
    moments = ((6, 59), (7, 0), (18, 59), (19, 0))
    opened = [is_open_on_friday(tmp_path, window, *at) for at in moments]
    assert opened == [False, True, True, False]


def test_midnight_and_nights(tmp_path: Path) -> None:
    assert is_open_on_friday(tmp_path, "Mon-Fri 00:00-24:00", 23, 59)
    assert is_open_on_friday(tmp_path, "Fri 07:00-00:00", 23, 59)
    assert is_open_on_friday(tmp_path, "Thu 22:00-06:00", 5, 59)
    assert not is_open_on_friday(tmp_path, "Fri 22:00-06:00", 5, 59)


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("Mon-Fri 7-19", "Mon-Fri 07:00-19:00"),
        ("Mo-Fr 07:00-19:00", "Mon-Fri 07:00-19:00"),
        ("weekdays 07:00-19:00", "Mon-Fri 07:00-19:00"),
        ("daily 7.30-17.00", "Mon-Sun 07:30-17:00"),
        ("Monday to Friday 7:30am-5pm", "Mon-Fri 07:30-17:00"),
        ("Mon and Tue 0700-1900", "Mon,Tue 07:00-19:00"),
        ("Mo-Fr 7\u201319 Uhr", "Mon-Fri 07:00-19:00"),
        ("24/7", "Mon-Sun 00:00-24:00"),
    ],
)
def test_another_spelling_is_refused_with_what_to_write(
    tmp_path: Path, written: str, wanted: str
) -> None:
    said = told(tmp_path, f'{ADA}    hours: {{windows: ["{written}"]}}')
    assert said == (
        "6: staff[0].hours.windows[0]: opening hours look like "
        f'"Mon-Fri 07:00-19:00", not {written!r}; write "{wanted}"'
    )


@pytest.mark.parametrize("text", ["Mon-Fri 9-5", "9 to 5", "13:00-17:00", "never", "Mon 7-25", ""])
def test_where_it_could_mean_two_things_nothing_is_guessed(text: str) -> None:
    assert meant(text) is None


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        (
            "Mon-Fri 07:00-19:00",
            (
                ': hours are a section: write `hours: {windows: ["Mon-Fri 07:00-19:00"]}` '
                "instead of 'Mon-Fri 07:00-19:00'"
            ),
        ),
        (
            '["Sat 9-12"]',
            (
                ': hours are a section: write `hours: {windows: ["Mon-Fri 07:00-19:00"]}` '
                "instead of a list"
            ),
        ),
        (
            "{windows: [Sat 9:00-5:00]}",
            (
                ".windows[0]: 'Sat 9:00-5:00' goes over midnight and lasts 20 hours; the "
                "afternoon is written as 13:00 to 23:59, and a longer night as two entries, up to "
                "24:00 and from 00:00"
            ),
        ),
        (
            "{windows: [Mon-Fri 07:00-12:00, 13:00-17:00]}",
            (
                '.windows[1]: opening hours look like "Mon-Fri 07:00-19:00", not '
                "'13:00-17:00'; an entry has days and times, in quotes where there is a comma"
            ),
        ),
        (
            "{windows: [Mon-Fri: 7-19]}",
            ('.windows[0]: a colon and a space make days a key; write "Mon-Fri 07:00-19:00"'),
        ),
        (
            "{windows: Sat 09:00-12:00}",
            (
                '.windows: must be a list, not the text "Sat 09:00-12:00"; put it in '
                'brackets: ["Sat 09:00-12:00"]'
            ),
        ),
        (
            '{exceptions: ["2026-12-24 closed", "2026-12-24 08:00-12:00"]}',
            ": exceptions has 2026-12-24 as closed and with hours; keep one",
        ),
        (
            "{time_zone: localtime}",
            (
                ".time_zone: 'localtime' is another time zone on each machine; use a name "
                "such as Europe/Berlin"
            ),
        ),
        (
            "{time_zone: Etc/GMT+2}",
            (
                ".time_zone: 'Etc/GMT+2' means 2 h west of Greenwich, without summer time; "
                "use a name such as Europe/Berlin"
            ),
        ),
        (
            "{time_zone: europe/berlin}",
            (".time_zone: unknown time zone 'europe/berlin'; did you mean Europe/Berlin?"),
        ),
    ],
)
def test_what_may_be_meant_otherwise_is_refused(tmp_path: Path, hours: str, said: str) -> None:
    assert told(tmp_path, f"{ADA}    hours: {hours}") == f"6: {KEY}{said}"


def test_a_day_before_its_month_is_told(tmp_path: Path) -> None:
    assert told(tmp_path, "rules: {holidays: [25-12]}") == (
        "1: rules.holidays[0]: '25-12' is not a day of the calendar; the month comes before the "
        "day, as in 12-25"
    )
