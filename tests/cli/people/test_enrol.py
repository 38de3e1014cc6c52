"""`edgeverify enrol`: people in the config become references, without the daemon."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import pytest

from edgeverify.state import open_state
from edgeverify.state_lock import take_lock
from edgeverify.status_socket import Handler, Json, StatusServer
from tests.cli.conftest import Desk


def test_everybody_is_enrolled_then_left_alone(desk: Desk) -> None:
    desk.write(("1", "Obama", ["obama.jpg"]), ("2", "Biden", ["biden.jpg"]))
    said = desk.people("enrol")
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines() == [
        "enrolled   card 1 (Obama), 1 photo",
        "enrolled   card 2 (Biden), 1 photo",
        "2 enrolled",
    ]
    assert desk.people("enrol").out.splitlines()[-1] == "2 unchanged"


def test_one_card_is_enrolled_and_nobody_removed(desk: Desk) -> None:
    desk.write(("1", "Obama", ["obama.jpg"]), ("2", "Biden", ["biden.jpg"]))
    desk.people("enrol", "2")
    listed = desk.people("references", "list", "--json")
    assert [row["card"] for row in json.loads(listed.out)] == ["2"]


def test_a_card_that_is_not_in_the_config_is_refused(desk: Desk) -> None:
    desk.write(("1", "Obama", ["obama.jpg"]))
    said = desk.people("enrol", "99")
    assert said.code == 78
    assert "card 99 is not in `staff:`" in said.err


def test_a_person_without_a_usable_photo_is_named_and_the_exit_says_so(desk: Desk) -> None:
    desk.write(("1", "Nobody", ["two.jpg"]), ("2", "Biden", ["biden.jpg"]))
    said = desk.people("enrol")
    assert said.code == 1
    assert (
        "problem: card 1 (Nobody): two.jpg: it shows several faces. Crop it to one face."
        in said.err
    )
    assert said.out.splitlines()[-1] == "1 enrolled, 1 refused"


def test_json_for_programs_holds_no_embedding(desk: Desk) -> None:
    desk.write(("1", "Obama", ["obama.jpg"]))
    report = json.loads(desk.people("enrol", "--json").out)
    assert report["entries"][0] == {
        "card": "1",
        "name": "Obama",
        "change": "enrolled",
        "photo_count": 1,
        "camera_photo_count": 0,
        "problems": [],
        "warnings": [],
    }


def test_beside_a_running_daemon_it_refuses_and_names_the_process(desk: Desk) -> None:
    desk.write(("1", "Obama", ["obama.jpg"]))
    with take_lock(open_state(desk.state, "front-door")):
        said = desk.people("enrol")
    assert said.code == 2
    assert f"is in use by process {os.getpid()}" in said.err
    assert "reload it" in said.err


class Daemon:
    """Answers as a daemon that takes a moment for its people; it enrols nobody."""

    def __init__(
        self, *, refused: list[str], problem: str = "", reasons: Sequence[Json] = ()
    ) -> None:
        self.reasons = list(reasons)
        self.people: dict[str, Json] = {
            "summary": "1 enrolled, 1 refused",
            "problems": [f"card {card} (Nobody): two.jpg: it shows several" for card in refused],
            "warnings": ["card 2 (Biden): small.jpg: only 40 pixels"],
            "refused": list(refused),
            "problem": problem,
            "advice": "",
        }
        self.asked = 0

    def handlers(self) -> dict[str, Handler]:
        return {
            "reload": lambda _: {"ticket": 7},
            "reload-outcome": self.outcome,
            "status": lambda _: {"reasons": self.reasons},
        }

    def outcome(self, _: Mapping[str, Json]) -> dict[str, Json]:
        self.asked += 1
        if self.asked == 1:
            return {"is_done": False}
        people = self.people if self.asked > 3 else None
        return {"is_done": True, "problem": "", "advice": "", "people": people}


@contextmanager
def beside(desk: Desk, daemon: Daemon) -> Iterator[None]:
    server = StatusServer(open_state(desk.state, "front-door").folder, daemon.handlers())
    try:
        yield
    finally:
        server.close()


@pytest.mark.parametrize("words", [["enrol"], ["reload"]])
@pytest.mark.parametrize(("refused", "code"), [(["1"], 1), ([], 0)])
def test_beside_a_running_daemon_it_waits_and_says_who_was_refused(
    desk: Desk, words: list[str], refused: list[str], code: int
) -> None:
    desk.write(("1", "Nobody", ["two.jpg"]), ("2", "Biden", ["biden.jpg"]))
    with beside(desk, Daemon(refused=refused)):
        said = desk.people(*words)
    assert said.code == code
    assert ("problem: card 1 (Nobody): two.jpg" in said.err) == bool(refused)
    assert said.out.splitlines()[-1] == "1 enrolled, 1 refused"


def test_beside_a_running_daemon_one_card_counts_alone(desk: Desk) -> None:
    desk.write(("1", "Nobody", ["two.jpg"]), ("2", "Biden", ["biden.jpg"]))
    with beside(desk, Daemon(refused=["1"])):
        said = desk.people("enrol", "2")
    assert (said.code, said.out) == (0, "card 2: has its reference\n")
    assert "card 1" not in said.err
    with beside(desk, Daemon(refused=["1"])):
        said = desk.people("enrol", "1", "--json")
    assert said.code == 1
    assert json.loads(said.out)["refused"] == ["1"]


def test_a_section_that_waits_for_a_restart_is_named_and_other_faults_are_not(desk: Desk) -> None:
    desk.write(("1", "Obama", ["obama.jpg"]))
    waits: Json = {"name": "restart_needed", "detail": "changed, and read at start only: mqtt"}
    hot: Json = {"name": "hot", "detail": "80 C"}
    with beside(desk, Daemon(refused=[], reasons=[hot, waits])):
        said = desk.people("reload")
    assert said.code == 0
    assert "warning: changed, and read at start only: mqtt." in said.err
    assert "80 C" not in said.err


def test_where_nobody_could_be_enrolled_neither_says_yes(desk: Desk) -> None:
    desk.write(("1", "Nobody", ["two.jpg"]))
    for words in (["enrol"], ["reload"]):
        with beside(desk, Daemon(refused=[], problem="the disk is full")):
            said = desk.people(*words)
        assert said.code == 2
        assert "nobody could be enrolled: the disk is full" in said.err
    with beside(desk, Daemon(refused=["1"])):
        assert desk.people("reload", "--no-people").code == 0
