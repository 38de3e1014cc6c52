"""`edgeverify enrol`: people in the config become references, without the daemon."""

from __future__ import annotations

import json
import os

from edgeverify.state import open_state, take_lock
from tests.cli.conftest import Desk


def test_everybody_is_enrolled_then_left_alone(desk: Desk) -> None:
    desk.write(("1", "Obama", ["obama.jpg"]), ("2", "Biden", ["biden.jpg"]))
    said = desk.people("enrol")
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines() == [
        "enrolled   card 1 (Obama), 1 photo(s)",
        "enrolled   card 2 (Biden), 1 photo(s)",
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
    assert "card 99 does not stand in `staff:`" in said.err


def test_a_person_without_a_usable_photo_is_named_and_the_exit_says_so(desk: Desk) -> None:
    desk.write(("1", "Nobody", ["two.jpg"]), ("2", "Biden", ["biden.jpg"]))
    said = desk.people("enrol")
    assert said.code == 1
    assert "problem: card 1 (Nobody): two.jpg: it shows several faces; crop it to one" in said.err
    assert said.out.splitlines()[-1] == "1 enrolled, 1 refused"


def test_json_for_programs_holds_no_embedding(desk: Desk) -> None:
    desk.write(("1", "Obama", ["obama.jpg"]))
    report = json.loads(desk.people("enrol", "--json").out)
    assert report["entries"][0] == {
        "card": "1",
        "name": "Obama",
        "change": "enrolled",
        "photo_count": 1,
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
