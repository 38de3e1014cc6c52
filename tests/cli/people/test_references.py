"""`edgeverify references` and `edgeverify keys`."""

from __future__ import annotations

import json
from datetime import datetime, timezone

import pytest

from edgeverify.journal import Journal
from edgeverify.keys import load_signing_keys
from edgeverify.state import open_state
from tests.cli.conftest import Desk


def test_nobody_is_enrolled_yet(desk: Desk) -> None:
    desk.write()
    said = desk.people("references", "list")
    assert (said.code, said.out) == (2, "")
    assert f"the door 'front-door' has no state in {desk.state}" in said.err
    begin(desk)
    assert desk.people("references", "list").out == "0 references\n"


@pytest.mark.parametrize(
    "words",
    [
        ["keys", "show"],
        ["keys", "rotate"],
        ["references", "list"],
        ["references", "remove", "7"],
        ["journal", "list"],
        ["journal", "check"],
        ["unlock", "7"],
        ["clock", "accept"],
        ["backup", "door.backup"],
        ["report", "last"],
        ["status"],
    ],
    ids=" ".join,
)
def test_a_door_that_never_ran_is_said_so_and_nothing_is_made(
    desk: Desk, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.write()
    monkeypatch.chdir(desk.folder)
    before = sorted(desk.folder.parent.rglob("*"))
    for _ in range(2):
        said = desk.people(*words)
        assert (said.code, said.out) == (2, "")
        assert str(desk.state) in said.err
        assert sorted(desk.folder.parent.rglob("*")) == before
        desk.state.mkdir(mode=0o700, exist_ok=True)
        before = sorted(desk.folder.parent.rglob("*"))
    (desk.state / "door").write_text("front-door\n")
    before = sorted(desk.folder.parent.rglob("*"))
    said = desk.people(*words)
    is_list = words == ["references", "list"]
    assert said.code == (0 if is_list else 78 if words[0] == "keys" else 2), said
    # Taking the lock is no state: there is nothing in it but who held it.
    assert [path for path in sorted(desk.folder.parent.rglob("*")) if path.name != "lock"] == before


def begin(desk: Desk) -> None:
    """Make what a daemon makes at its first start."""
    state = open_state(desk.state, "front-door")
    now = datetime.now(timezone.utc)
    load_signing_keys(state.signing_keys, now=now)
    Journal.open(state.journal, now=now).journal.close()


def test_a_card_in_the_config_cannot_be_removed_behind_its_back(desk: Desk) -> None:
    desk.write(("1", "Obama", ["obama.jpg"]))
    desk.people("enrol")
    said = desk.people("references", "remove", "1")
    assert said.code == 78
    assert f"{desk.config}:7: staff[0].card: card 1 is still in the config" in said.err
    assert "1 reference" in desk.people("references", "list").out


def test_a_card_that_left_the_config_can_be_removed(desk: Desk) -> None:
    desk.write(("1", "Obama", ["obama.jpg"]))
    desk.people("enrol")
    desk.write()
    assert desk.people("references", "remove", "1").code == 0
    said = desk.people("references", "remove", "1")
    assert said.code == 2
    assert said.err == "edgeverify: there is no reference for card 1\n"


def test_another_door_s_state_is_refused(desk: Desk) -> None:
    begin(desk)
    desk.write(more="door: back-door\n")
    said = desk.people("references", "list")
    assert said.code == 2
    assert "belongs to the door 'front-door', not 'back-door'" in said.err


def test_keys_are_shown_rotated_and_both_accepted(desk: Desk) -> None:
    desk.write()
    begin(desk)
    first = json.loads(desk.people("keys", "show", "--json").out)
    assert [row["signs"] for row in first] == [True]
    assert desk.people("keys", "rotate", "--now").code == 0
    both = json.loads(desk.people("keys", "show", "--json").out)
    assert [row["signs"] for row in both] == [True, False]
    assert both[1]["keyid"] == first[0]["keyid"]
    assert desk.people("keys", "show", "--pem").out.count("BEGIN PUBLIC KEY") == 2


def test_a_second_rotation_says_which_locks_it_leaves_behind(desk: Desk) -> None:
    """The status holds one announcement: whoever missed the first cannot follow to the second."""
    desk.write()
    begin(desk)
    left_behind = "can no longer learn it"
    assert left_behind not in desk.people("keys", "rotate").err
    assert left_behind not in desk.people("keys", "rotate", "--now").err
    (second, _) = json.loads(desk.people("keys", "show", "--json").out)
    said = desk.people("keys", "rotate").err
    assert f"since key {second['keyid']} was announced {left_behind}" in said


def test_a_key_is_announced_first_and_the_old_one_goes_on_signing(desk: Desk) -> None:
    desk.write()
    begin(desk)
    (first,) = json.loads(desk.people("keys", "show", "--json").out)
    said = desk.people("keys", "rotate", "--after-days", "2")
    assert said.code == 0
    assert f"until then {first['keyid']} signs" in said.out
    old, following = json.loads(desk.people("keys", "show", "--json").out)
    assert (old["keyid"], old["signs"], following["signs"]) == (first["keyid"], True, False)
    assert following["begins_at"]
    assert desk.people("keys", "show", "--pem").out.count("BEGIN PUBLIC KEY") == 2
    # Asked again, it is the same key at the same time; --now lets that one sign.
    again = desk.people("keys", "rotate")
    assert f"key {following['keyid']} is announced, and signs from" in again.out
    assert (
        f"key {following['keyid']} signs; the old key" in desk.people("keys", "rotate", "--now").out
    )
    rows = json.loads(desk.people("keys", "show", "--json").out)
    assert [(row["keyid"], row["signs"]) for row in rows] == [
        (following["keyid"], True),
        (first["keyid"], False),
    ]
    assert desk.people("keys", "rotate", "--now", "--after-days", "1").code == 78


def test_no_command_shows_the_private_key(desk: Desk) -> None:
    desk.write()
    begin(desk)
    shown = "".join(desk.people("keys", "show", *flag).out for flag in ([], ["--pem"], ["--json"]))
    kept = json.loads((desk.state / "signing-keys.json").read_text())
    assert kept["private"] not in shown
    assert "PRIVATE" not in shown


def test_backup_and_restore_by_command(desk: Desk) -> None:
    desk.write()
    begin(desk)
    file = desk.folder / "door.backup"
    said = desk.people("backup", file)
    assert said.code == 1
    assert f"it is not whole: {desk.state} has no references.sqlite" in said.err
    desk.write(("1", "Obama", ["obama.jpg"]))
    assert desk.people("enrol").code == 0
    assert desk.people("backup", file).code == 0
    key = desk.state / "master.key"
    away = key.rename(desk.state / "away")
    assert "unless a credential holds it, it is gone" in desk.people("backup", file).out
    away.rename(key)
    assert "master key" not in desk.people("backup", file).out
    now = datetime.now(timezone.utc)
    before = load_signing_keys(desk.state / "signing-keys.json", now=now).keyid
    desk.people("keys", "rotate", "--now")
    assert desk.people("restore", file).code == 0
    assert load_signing_keys(desk.state / "signing-keys.json", now=now).keyid == before
