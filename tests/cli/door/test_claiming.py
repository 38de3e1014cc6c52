"""`claim`, `events`, `journal`, `unlock` and `clock`, beside a door that answers without eyes."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import pytest

from edgeverify.events import LockCause, LockReport, LockState
from edgeverify.journal import Journal
from edgeverify.lockout import LockoutState
from edgeverify.settings import MqttSettings
from edgeverify.state import open_state
from edgeverify.state_lock import take_lock
from edgeverify.status_socket import StatusServer
from tests.brokers import Mosquitto, mosquitto
from tests.cli.door.blind_door import BlindDoor, Place
from tests.doors import DOOR, NOON, decided, door_keys, public_pem
from tests.ports import free_port
from tests.waiting import until


def _place(tmp_path: Path, port: int) -> Place:
    config = tmp_path / "door.yaml"
    config.write_text(f"door: {DOOR}\nmqtt:\n  host: 127.0.0.1\n  port: {port}\n")
    state = open_state(tmp_path / "state", DOOR)
    return Place(config, state, door_keys(state.folder))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return _place(tmp_path, free_port())


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with mosquitto(tmp_path / "broker") as running:
        yield running


@pytest.fixture
def door(tmp_path: Path, broker: Mosquitto) -> Iterator[BlindDoor]:
    settings = MqttSettings(host="127.0.0.1", port=broker.port)
    blind = BlindDoor(_place(tmp_path, broker.port), settings)
    yield blind
    blind.close()


def test_the_right_card_is_granted_and_the_exit_code_says_so(door: BlindDoor) -> None:
    done = door.place.claim("0012345")
    assert done.exit_code == 0, done.output
    assert done.stdout == "grant  match  card 0012345\n"
    assert "closer" in done.stderr


def test_a_card_held_up_twice_hears_of_the_attempt_that_it_joined(door: BlindDoor) -> None:
    """The door decides once, on the claim that came first; the second must not wait in vain."""
    door.joins = "the-first"
    done = door.place.claim("0012345")
    assert done.exit_code == 0, done.output
    assert done.stdout == "grant  match  card 0012345  (joined an attempt under way)\n"
    other = door.place.claim("999", "--json")
    assert other.exit_code == 1
    assert json.loads(other.stdout)["claim_id"] != "the-first-again", "the answer is to one's own"


def test_another_card_is_denied(door: BlindDoor) -> None:
    done = door.place.claim("999", "--json")
    assert done.exit_code == 1, done.output
    decision = json.loads(done.stdout)
    assert (decision["outcome"], decision["reason"]) == ("deny", "non_match")


def test_a_wrong_key_is_no_answer(door: BlindDoor, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    stranger = public_pem(tmp_path, door_keys(tmp_path / "other").public)
    words = ("claim", "0012345", "--timeout", "2", "--verify-key", str(stranger))

    def is_refused() -> bool:
        done = door.place.run(*words)
        assert done.exit_code == 2
        return "unknown key" in done.stderr

    until(is_refused, "the stranger's event to come within the claim's two seconds", 20)


def test_where_nobody_answers_it_is_2(broker: Mosquitto, tmp_path: Path) -> None:
    done = _place(tmp_path, broker.port).run("claim", "0012345", "--timeout", "0.5")
    assert done.exit_code == 2
    assert "no answer within 0.5 s (the door may look for 5 s: use a longer" in done.stderr


def test_without_a_broker_it_is_a_plain_line(place: Place) -> None:
    done = place.run("claim", "0012345")
    assert done.exit_code == 2
    assert "cannot be used: Connection refused" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_card_that_cannot_be_one_is_refused_at_once(place: Place) -> None:
    done = place.run("claim", "not a card")
    assert done.exit_code == 2
    assert "is not a card number" in done.stderr


@pytest.mark.parametrize(("option", "is_live"), [((), True), (("--history",), False)])
def test_events_shows_checked_decisions(
    door: BlindDoor, option: tuple[str, ...], *, is_live: bool
) -> None:
    with door.coming():
        done = door.place.run("events", "--json", "--count", "1", *option)
    assert done.exit_code == 0, done.output
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    (decision,) = [line for line in lines if "outcome" in line]
    assert decision["card"] == "0012345"
    assert decision["verified"] is True
    assert decision["live"] is is_live


def test_the_journal_is_listed_while_the_door_runs(door: BlindDoor) -> None:
    assert door.place.claim("0012345").exit_code == 0
    done = door.place.run("journal", "list")
    assert done.exit_code == 0
    assert "grant  match" in done.stdout
    assert "score 0.931" in done.stdout
    (row,) = [
        json.loads(line) for line in door.place.run("journal", "list", "--json").stdout.splitlines()
    ]
    assert row["card"] == "0012345"
    assert door.place.run("journal", "check").stdout == "ok\n"


def test_what_people_and_the_lock_did_is_listed(door: BlindDoor) -> None:
    door.journal.unlock("0012345", at=NOON, by_user="ada")
    report = LockReport(
        id="l-1",
        door=DOOR,
        state=LockState.OPENED_WITHOUT_GRANT,
        cause=LockCause.EXIT_BUTTON,
        is_released=False,
        is_open=True,
        at=NOON,
    )
    assert door.journal.note_lock(report, heard_at=NOON)
    newest, oldest = door.place.run("journal", "acts").stdout.splitlines()
    assert "lock opened_without_grant (exit_button)" in newest
    assert newest.endswith("by edgeverify-lock")
    assert "unlock" in oldest
    assert "0012345" in oldest
    rows = [
        json.loads(line) for line in door.place.run("journal", "acts", "--json").stdout.splitlines()
    ]
    assert [row["by_user"] for row in rows] == ["edgeverify-lock", "ada"]


def test_the_journal_of_a_door_that_never_ran(place: Place) -> None:
    done = place.run("journal", "list")
    assert done.exit_code == 2
    assert "does not exist" in done.stderr


def _acts(place: Place) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(place.state.journal)) as connection:
        return connection.execute("SELECT act, subject FROM acts").fetchall()


@pytest.mark.parametrize(
    ("has_failures", "is_inside", "said"),
    [
        (True, False, "card 0012345: its failures are forgotten\n"),
        (False, True, "card 0012345: it counts as outside now\n"),
        (True, True, "card 0012345: its failures are forgotten, and it counts as outside now\n"),
        (False, False, "card 0012345: it had no failures on record, and was not inside\n"),
    ],
)
def test_unlock_says_what_it_forgave(
    place: Place, *, has_failures: bool, is_inside: bool, said: str
) -> None:
    locked = LockoutState(failures=5, last_failure_at=NOON, locked_until=NOON)
    journal = Journal.open(place.state.journal, now=NOON).journal
    came = decided("x", lockouts={"0012345": locked} if has_failures else {})
    journal.record(replace(came, comes_in=is_inside), place.keys)
    journal.close()
    assert place.run("unlock", "0012345").stdout == said


def test_unlock_without_a_daemon_takes_the_lock_and_is_written_down(place: Place) -> None:
    journal = Journal.open(place.state.journal, now=NOON).journal
    locked = LockoutState(failures=5, last_failure_at=NOON, locked_until=NOON)
    journal.record(decided("x", lockouts={"0012345": locked}), place.keys)
    journal.close()
    assert "its failures are forgotten" in place.run("unlock", "0012345").stdout
    assert "no failures on record" in place.run("unlock", "0012345").stdout
    assert _acts(place) == [("unlock", "0012345")] * 2
    with take_lock(place.state):
        done = place.run("unlock", "0012345")
    assert done.exit_code == 2
    assert "in use by process" in done.stderr


def test_with_a_daemon_both_go_through_its_socket(place: Place) -> None:
    journal = Journal.open(place.state.journal, now=NOON).journal
    journal.record(decided("x"), place.keys)
    journal.close()
    asked: list[tuple[str, object]] = []
    handlers = {
        "unlock": lambda words: asked.append(("unlock", words["card"])) or {"known": True},
        "clock-accept": lambda words: asked.append(("clock", words["user"])) or {},
    }
    server = StatusServer(place.state.folder, handlers)  # type: ignore[arg-type]
    try:
        assert "forgotten" in place.run("unlock", "0012345").stdout
        assert place.run("clock", "accept").exit_code == 0
    finally:
        server.close()
    assert asked[0] == ("unlock", "0012345")
    assert asked[1][0] == "clock"
    assert asked[1][1]


def test_a_clock_is_accepted_and_the_floor_falls(place: Place) -> None:
    journal = Journal.open(place.state.journal, now=NOON).journal
    future = datetime(2036, 1, 1, tzinfo=timezone.utc)
    journal.record(replace(decided("x"), floor=future), place.keys)
    journal.close()
    assert place.run("clock", "accept").exit_code == 0
    journal = Journal.open(place.state.journal, now=NOON).journal
    floor = journal.floor()
    journal.close()
    assert floor is not None
    assert floor < future
    assert [act for act, _ in _acts(place)] == ["clock accept"]
