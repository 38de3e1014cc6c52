"""The journal for people: by period, outcome, reason and card, with names, in three forms."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import typer

from edgeverify.cli.door.journal import moment, period
from edgeverify.config.wall_clock import WallClock
from edgeverify.domain import Outcome, Reason
from edgeverify.journal import Journal
from edgeverify.state import open_state
from tests.cli.door.blind_door import Place
from tests.doors import DOOR, NOON, decided, door_keys

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=timezone.utc)
HERE = WallClock.of("", {})


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A door at noon, an hour and a day later: Ada came in, =Mallory did not, then Ada again."""
    config = tmp_path / "door.yaml"
    config.write_text(
        f"door: {DOOR}\nstaff:\n"
        "  - {card: '1', name: Ada Lovelace, photos: [ada.jpg]}\n"
        "  - {card: '2', name: '=Mallory', photos: [m.jpg]}\n",
        encoding="utf-8",
    )
    state = open_state(tmp_path / "state", DOOR)
    keys = door_keys(state.folder)
    journal = Journal.open(state.journal, now=NOON).journal
    journal.record(decided("first", card="1", at=NOON), keys)
    refused = decided("second", card="2", outcome=Outcome.DENY, at=NOON + timedelta(hours=1))
    journal.record(refused, keys)
    journal.record(decided("third", card="1", at=NOON + timedelta(days=1)), keys)
    journal.unlock("2", at=NOON + timedelta(days=1), by_user="grace")
    journal.close()
    return Place(config, state, keys)


def _events(place: Place, *words: str) -> list[str]:
    done = place.run("journal", "list", "--format", "json", *words)
    assert done.exit_code == 0, done.output
    return [json.loads(line)["event_id"] for line in done.stdout.splitlines()]


def test_a_period_begins_with_since_and_ends_before_until(place: Place) -> None:
    assert _events(place) == ["event-third", "event-second", "event-first"]
    one = (NOON + timedelta(hours=1)).isoformat()
    assert _events(place, "--since", one) == ["event-third", "event-second"]
    assert _events(place, "--until", one) == ["event-first"]
    assert _events(place, "--since", one, "--until", one) == []
    assert _events(place, "--limit", "1") == ["event-third"]


def test_outcome_reason_and_card_restrict_together(place: Place) -> None:
    assert _events(place, "--outcome", "deny") == ["event-second"]
    assert _events(place, "--reason", Reason.NON_MATCH.value) == ["event-second"]
    assert _events(place, "--outcome", "grant", "--card", "2") == []
    wrong = place.run("journal", "list", "--outcome", "maybe")
    assert wrong.exit_code == 2
    assert "maybe" in wrong.stderr


def test_the_table_has_names_and_csv_cells_are_no_formulas(place: Place) -> None:
    table = place.run("journal", "list").stdout
    assert "Ada Lovelace" in table
    assert f"{NOON.astimezone():%Y-%m-%d %H:%M:%S}" in table, "local time"
    rows = list(csv.DictReader(io.StringIO(place.run("journal", "list", "--format", "csv").stdout)))
    assert [row["name"] for row in rows] == ["Ada Lovelace", "'=Mallory", "Ada Lovelace"]
    assert json.loads(rows[0]["details"])["model"] == "dlib-resnet"
    assert rows[1]["outcome"] == "deny"


@pytest.fixture
def kathmandu(place: Place) -> Place:
    """The same door, in a zone that no machine of these tests is in."""
    text = place.config.read_text(encoding="utf-8")
    place.config.write_text(f"time_zone: Asia/Kathmandu\n{text}", encoding="utf-8")
    return place


def test_times_are_the_doors_own_and_say_their_offset(kathmandu: Place) -> None:
    """They were this machine's, though the door's hours are counted in its `time_zone`."""
    there = "2026-11-22 17:45:00+05:45"
    for listed in ("list", "acts"):
        newest = kathmandu.run("journal", listed).stdout.splitlines()[0]
        assert newest.startswith("2026-11-23 17:45:00+05:45  ")
    assert kathmandu.run("journal", "list").stdout.splitlines()[-1].startswith(f"{there}  grant")
    printed = kathmandu.run("journal", "list", "--format", "csv").stdout
    rows = list(csv.DictReader(io.StringIO(printed)))
    assert rows[-1]["issued_at"] == there.replace(" ", "T")
    acts = list(
        csv.DictReader(io.StringIO(kathmandu.run("journal", "acts", "--format", "csv").stdout))
    )
    assert acts[0]["at"] == "2026-11-23T17:45:00+05:45"
    told = kathmandu.run("journal", "list", "--format", "json").stdout.splitlines()
    assert json.loads(told[-1])["issued_at"] == NOON.isoformat(), "JSON stays in UTC"


def test_a_day_is_the_doors_own(kathmandu: Place) -> None:
    assert _events(kathmandu, "--until", "2026-11-22 18:00") == ["event-first"]
    assert _events(kathmandu, "--since", "2026-11-23 17:45") == ["event-third"]
    ahead = kathmandu.run("journal", "list", "--since", "9000-01-01")
    assert "in Asia/Kathmandu" in ahead.stderr


def test_a_grant_behind_a_panel_says_who_decides(place: Place) -> None:
    journal = Journal.open(place.state.journal, now=NOON).journal
    later = NOON + timedelta(days=2)
    journal.record(decided("panels", card="1", at=later, opened_by="panel"), place.keys)
    refused = decided("no", card="2", outcome=Outcome.DENY, at=later, opened_by="panel")
    journal.record(refused, place.keys)
    journal.close()
    denied, granted, ours, *_ = place.run("journal", "list").stdout.splitlines()
    assert "the panel decides" in granted
    assert "the panel decides" not in denied + ours
    rows = place.run("journal", "list", "--format", "json").stdout.splitlines()
    assert [json.loads(row)["opened_by"] for row in rows[:3]] == ["panel", "panel", ""]
    drawn = str(place.config.with_name("why.png"))
    told = place.run("report", "event-panels", "-o", drawn).stdout
    assert "opened by panel" in told


def test_what_people_did_is_listed_with_who_did_it(place: Place) -> None:
    assert "unlock" in (table := place.run("journal", "acts").stdout)
    assert "by grace" in table
    (act,) = place.run("journal", "acts", "--format", "json").stdout.splitlines()
    assert json.loads(act)["subject"] == "2"
    assert place.run("journal", "acts", "--until", NOON.isoformat()).stdout == ""


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_nothing_found_prints_nothing(place: Place, form: str) -> None:
    """A number that is nobody's is told besides: it was mistyped, most likely."""
    done = place.run("journal", "list", "--card", "nobody", "--format", form)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "nobody's" in done.stderr
    done = place.run("journal", "list", "--card", "1", "--reason", "no_face", "--format", form)
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("12h", NOW - timedelta(hours=12)),
        ("7d", NOW - timedelta(days=7)),
        ("90m", NOW - timedelta(minutes=90)),
        ("2026-11-28T07:30:00Z", datetime(2026, 11, 28, 7, 30, tzinfo=timezone.utc)),
        ("2026-11-28 07:30", datetime(2026, 11, 28, 7, 30).astimezone()),
        ("", None),
    ],
)
def test_a_moment_is_a_day_a_time_or_how_long_ago(text: str, meant: datetime | None) -> None:
    assert moment(text, now=NOW, option="--since", clock=HERE) == meant


def test_a_period_that_ends_before_it_begins_or_has_not_begun_is_told(place: Place) -> None:
    backwards = ("--since", "2026-11-30", "--until", "2026-11-01")
    for command in ("list", "acts"):
        refused = place.run("journal", command, *backwards)
        assert refused.exit_code == 2
        assert "ends (2026-11-01) before it begins (2026-11-30)" in refused.stderr
        ahead = place.run("journal", command, "--since", "9000-01-01")
        assert (ahead.exit_code, ahead.stdout) == (0, "")
        assert "in the future" in ahead.stderr


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("berlin")
@pytest.mark.parametrize("clock", [HERE, WallClock.of("Europe/Berlin", {})])
def test_a_period_of_the_hour_that_comes_twice_holds_both(clock: WallClock) -> None:
    first, last = period("2026-10-25 02:00", "2026-10-25 03:00", now=NOW, clock=clock)
    assert first == datetime(2026, 10, 25, 0, 0, tzinfo=timezone.utc)
    assert last == datetime(2026, 10, 25, 2, 0, tzinfo=timezone.utc)
    first, last = period("2026-10-25 02:30", "2026-10-25 02:30", now=NOW, clock=clock)
    assert first is not None
    assert last is not None
    assert last - first == timedelta(hours=1)


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "-3h", "12"])
def test_what_is_no_time_is_told_with_an_example(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="2026-11-28"):
        moment(text, now=NOW, option="--since", clock=HERE)
