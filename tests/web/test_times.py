"""Times and days on the page are those of the door's own clock."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from edgeverify.config.wall_clock import WallClock
from edgeverify.web.pages.journal import NoDayError, midnight
from edgeverify.web.roles import Role
from tests.web.stage import CONFIG, PASSWORD, stage

THERE = CONFIG.replace("Europe/London", "Asia/Kathmandu")


def test_times_and_days_are_the_doors_own_and_say_whose(tmp_path: Path) -> None:
    """They were this machine's, and an export did not even say by how much they differ from UTC."""
    with stage(tmp_path, config=THERE) as page:
        page.logins.put("viewer", Role.VIEWER, PASSWORD)
        assert "Kathmandu" not in page.browser().get("/login").text
        browser = page.logged_in(Role.VIEWER)
        for shown in ("/", "/journal", "/journal/e-5", "/journal/acts"):
            text = browser.get(shown).text
            assert "2026-11-29 17:45:" in text, shown
            assert "times: Asia/Kathmandu" in text, shown
        row = browser.get("/journal/export.csv").text.splitlines()[1]
        assert row.startswith("2026-11-29T17:45:00+05:45,")
        browser.get("/journal?since=2026-11-29&until=2026-11-29")
        asked = [arguments for name, arguments in page.asked if name == "decisions"][-1]
        assert asked["since"] == "2026-11-29T00:00:00+05:45"
        assert asked["until"] == "2026-11-30T00:00:00+05:45"


@pytest.mark.parametrize(("day", "status"), [("0001-01-01", 200), ("9999-12-31", 400)])
def test_the_first_and_the_last_day_of_all_are_answered(
    tmp_path: Path, day: str, status: int
) -> None:
    with stage(tmp_path, config=THERE) as page:
        page.logins.put("viewer", Role.VIEWER, PASSWORD)
        answer = page.logged_in(Role.VIEWER).get(f"/journal?since={day}&until={day}")
        assert answer.status_code == status


def test_a_day_before_all_time_is_none_on_this_machines_clock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It was a broken page: midnight of the year 1 in Kathmandu lies in the year before it."""
    monkeypatch.setenv("TZ", "Asia/Kathmandu")
    time.tzset()
    try:
        clock = WallClock.of("", os.environ)
        assert clock.name == "Asia/Kathmandu (this machine)"
        with pytest.raises(NoDayError, match="not a day"):
            midnight("0001-01-01", 0, clock)
        assert midnight("2026-11-29", 1, clock) == "2026-11-30T00:00:00+05:45"
    finally:
        monkeypatch.undo()
        time.tzset()
