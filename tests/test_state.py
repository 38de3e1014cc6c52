"""The state directory: where, whose, which door's, and one writer at a time."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from edgeverify.errors import StateError
from edgeverify.state import as_owner, existing_state, open_state, state_path
from edgeverify.state_lock import take_lock


@pytest.mark.parametrize(
    ("environ", "where"),
    [
        ({"HOME": "/home/ada"}, "/home/ada/.local/state/edgeverify/front-door"),
        ({"HOME": "/home/ada", "XDG_STATE_HOME": "/srv"}, "/srv/edgeverify/front-door"),
        (
            {"HOME": "/home/ada", "XDG_STATE_HOME": "relative"},
            "/home/ada/.local/state/edgeverify/front-door",
        ),
        (
            {"STATE_DIRECTORY": "/var/lib/edgeverify/front-door", "XDG_STATE_HOME": "/srv"},
            "/var/lib/edgeverify/front-door",
        ),
        ({"STATE_DIRECTORY": "/var/lib/a:/var/lib/b"}, "/var/lib/a"),
    ],
)
def test_where_the_state_lies(environ: dict[str, str], where: str) -> None:
    assert state_path("front-door", None, environ) == Path(where)
    assert state_path("front-door", Path("/here"), environ) == Path("/here")


def test_a_new_state_directory_is_for_its_owner_alone(tmp_path: Path) -> None:
    state = open_state(tmp_path / "a" / "front-door", "front-door")
    assert state.folder.stat().st_mode & 0o777 == 0o700
    assert open_state(state.folder, "front-door") == state


def test_a_state_directory_that_was_open_to_others_is_closed(tmp_path: Path) -> None:
    state = open_state(tmp_path / "state", "front-door")
    state.folder.chmod(0o755)
    open_state(state.folder, "front-door")
    assert state.folder.stat().st_mode & 0o777 == 0o700


def test_one_door_one_state(tmp_path: Path) -> None:
    open_state(tmp_path / "state", "front-door")
    with pytest.raises(StateError, match="belongs to the door 'front-door', not 'back-door'"):
        open_state(tmp_path / "state", "back-door")


def test_a_folder_with_other_things_is_not_made_a_state_directory(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").touch()
    mode = tmp_path.stat().st_mode
    with pytest.raises(StateError, match=r"not a state directory of edgeverify.*holiday\.jpg"):
        open_state(tmp_path, "front-door")
    assert tmp_path.stat().st_mode == mode


def test_a_file_is_no_state_directory(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    with pytest.raises(StateError, match="is not a directory"):
        open_state(tmp_path / "state", "front-door")


def test_another_user_s_state_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_state(tmp_path / "state", "front-door")
    monkeypatch.setattr(os, "geteuid", lambda: 4242)
    with pytest.raises(StateError, match=r"belongs to .*, and this is #4242") as caught:
        open_state(tmp_path / "state", "front-door")
    assert caught.value.advice.startswith("Run: sudo -u ")


def test_the_second_writer_is_told_who_the_first_is(tmp_path: Path) -> None:
    state = open_state(tmp_path / "state", "front-door")
    with take_lock(state), pytest.raises(StateError, match=rf"in use by process {os.getpid()}\."):
        take_lock(state)
    take_lock(state).close()


def test_a_killed_writer_leaves_no_lock_behind(tmp_path: Path) -> None:
    state = open_state(tmp_path / "state", "front-door")
    program = (
        "import sys, time\nfrom pathlib import Path\nfrom edgeverify.state import *\n"
        "from edgeverify.state_lock import *\n"
        "lock = take_lock(open_state(Path(sys.argv[1]), 'front-door'))\n"
        "print('locked', flush=True)\ntime.sleep(1000)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(state.folder)], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "locked\n"
        with pytest.raises(StateError, match=rf"in use by process {child.pid}\."):
            take_lock(state)
        child.kill()
        child.wait()
    take_lock(state).close()


def test_a_lock_that_is_deleted_is_taken_again_unless_somebody_else_was_faster(
    tmp_path: Path,
) -> None:
    state = open_state(tmp_path / "state", "front-door")
    with take_lock(state) as lock:
        assert lock.hold_on(state)
        (state.folder / "lock").unlink()
        assert lock.hold_on(state)
        with pytest.raises(StateError, match=rf"in use by process {os.getpid()}\."):
            take_lock(state)
        (state.folder / "lock").unlink()
        with take_lock(state):
            assert not lock.hold_on(state)
        assert lock.hold_on(state), "the other one has ended"


def test_a_file_system_without_locks_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = open_state(tmp_path / "state", "front-door")

    def refused(_descriptor: int, _how: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr("fcntl.flock", refused)
    with pytest.raises(StateError, match="cannot be taken: No locks") as caught:
        take_lock(state)
    assert "local disk" in caught.value.advice


def test_a_user_without_home_or_name_is_told_to_name_a_state(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def nobody(_uid: int) -> object:
        raise KeyError

    monkeypatch.setattr("pwd.getpwuid", nobody)
    with pytest.raises(StateError, match="no home and no entry in /etc/passwd") as caught:
        state_path("front-door", None, {})
    assert caught.value.advice == "Name it with --state DIR."
    assert state_path("front-door", None, {"HOME": "/home/door"}).is_relative_to("/home/door")


SOMEBODY_ELSE = 65534


def test_root_works_as_the_state_s_owner(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("being another user needs root")
    folder = tmp_path / "var"
    folder.mkdir()
    os.chown(folder, SOMEBODY_ELSE, SOMEBODY_ELSE)
    for parent in (tmp_path, *tmp_path.parents):
        if parent.stat().st_uid == 0 and not parent.stat().st_mode & 0o001:
            parent.chmod(parent.stat().st_mode | 0o011)
    with as_owner(folder / "front"):
        assert os.geteuid() == SOMEBODY_ELSE
        open_state(folder / "front", "front-door")
    assert os.geteuid() == 0
    assert {path.stat().st_uid for path in (folder / "front").rglob("*")} == {SOMEBODY_ELSE}
    with as_owner(folder / "front"), pytest.raises(PermissionError):
        (tmp_path / "root-only").touch()


def test_reading_makes_nothing(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="the door 'front-door' has no state in"):
        existing_state(tmp_path / "absent", "front-door")
    assert list(tmp_path.iterdir()) == []
