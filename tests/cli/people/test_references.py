"""`edgeverify references` and `edgeverify keys`."""

from __future__ import annotations

import json
from datetime import datetime, timezone

from edgeverify.keys import load_signing_keys
from tests.cli.conftest import Desk


def test_nobody_is_enrolled_yet(desk: Desk) -> None:
    desk.write()
    assert desk.people("references", "list").out == "0 reference(s)\n"


def test_a_card_in_the_config_cannot_be_removed_behind_its_back(desk: Desk) -> None:
    desk.write(("1", "Obama", ["obama.jpg"]))
    desk.people("enrol")
    said = desk.people("references", "remove", "1")
    assert said.code == 78
    assert f"{desk.config}:7: staff[0].card: card 1 still stands here" in said.err
    assert "1 reference(s)" in desk.people("references", "list").out


def test_a_card_that_left_the_config_can_be_removed(desk: Desk) -> None:
    desk.write(("1", "Obama", ["obama.jpg"]))
    desk.people("enrol")
    desk.write()
    assert desk.people("references", "remove", "1").code == 0
    said = desk.people("references", "remove", "1")
    assert said.code == 2
    assert said.err == "edgeverify: there is no reference for card 1\n"


def test_another_door_s_state_is_refused(desk: Desk) -> None:
    desk.write()
    desk.people("references", "list")
    desk.write(more="door: back-door\n")
    said = desk.people("references", "list")
    assert said.code == 2
    assert "belongs to the door 'front-door', not 'back-door'" in said.err


def test_keys_are_shown_rotated_and_both_accepted(desk: Desk) -> None:
    desk.write()
    first = json.loads(desk.people("keys", "show", "--json").out)
    assert [row["signs"] for row in first] == [True]
    assert desk.people("keys", "rotate").code == 0
    both = json.loads(desk.people("keys", "show", "--json").out)
    assert [row["signs"] for row in both] == [True, False]
    assert both[1]["keyid"] == first[0]["keyid"]
    assert desk.people("keys", "show", "--pem").out.count("BEGIN PUBLIC KEY") == 2


def test_no_command_shows_the_private_key(desk: Desk) -> None:
    desk.write()
    shown = "".join(desk.people("keys", "show", *flag).out for flag in ([], ["--pem"], ["--json"]))
    kept = json.loads((desk.state / "signing-keys.json").read_text())
    assert kept["private"] not in shown
    assert "PRIVATE" not in shown


def test_backup_and_restore_by_command(desk: Desk) -> None:
    desk.write()
    desk.people("keys", "show")
    file = desk.folder / "door.backup"
    assert desk.people("backup", file).code == 0
    now = datetime.now(timezone.utc)
    before = load_signing_keys(desk.state / "signing-keys.json", now=now).keyid
    desk.people("keys", "rotate")
    assert desk.people("restore", file).code == 0
    assert load_signing_keys(desk.state / "signing-keys.json", now=now).keyid == before
