"""Every command finds the door that its config means, and says so where it may not look."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edgeverify.door_state import FoundState, Installed, Means, find_daemon, find_state, named_state
from edgeverify.errors import StateError
from edgeverify.state import existing_state, open_state, state_path
from edgeverify.status_socket import SOCKET_NAME, StatusServer

DOOR = "front-door"
COMMAND = "edgeverify keys show --config front.yaml"
THIRD_USER = 65534


@pytest.fixture
def machine(tmp_path: Path) -> Installed:
    machine = Installed(states=tmp_path / "var", configs=tmp_path / "etc")
    machine.states.mkdir()
    machine.configs.mkdir()
    (machine.states / "models").mkdir()
    return machine


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path / "home")}


@pytest.fixture
def running() -> Iterator[Callable[[Path], None]]:
    servers: list[StatusServer] = []
    yield lambda folder: servers.append(StatusServer(folder, {"status": lambda _: {}}))
    for server in servers:
        server.close()


def find(
    machine: Installed,
    environ: dict[str, str],
    *,
    config: Path | None = None,
    option: Path | None = None,
    may_begin: bool = False,
) -> FoundState:
    return find_state(
        config or machine.configs / "front.yaml",
        DOOR,
        option,
        environ,
        command=COMMAND,
        may_begin=may_begin,
        installed=machine,
    )


def service(machine: Installed, name: str = "front", door: str = DOOR) -> Path:
    return open_state(machine.states / name, door).folder


def own(environ: dict[str, str]) -> Path:
    return open_state(state_path(DOOR, None, environ), DOOR).folder


def test_an_installed_config_means_its_service(machine: Installed, environ: dict[str, str]) -> None:
    state = service(machine)
    service(machine, "back", "back-door")
    found = find(machine, environ)
    assert (found.place.folder, found.means, found.others) == (state, Means.INSTALLED, ())


def test_the_service_is_found_before_anything_of_ones_own(
    machine: Installed, environ: dict[str, str]
) -> None:
    mine, state = own(environ), service(machine)
    found = find(machine, environ)
    assert (found.place.folder, found.others) == (state, (mine,))


def test_a_config_anywhere_means_the_service_of_its_door(
    machine: Installed, environ: dict[str, str], tmp_path: Path
) -> None:
    state = service(machine)
    assert find(machine, environ, config=tmp_path / "copy.yaml").place.folder == state


def test_who_runs_is_found_first(
    machine: Installed, environ: dict[str, str], running: Callable[[Path], None]
) -> None:
    mine, state = own(environ), service(machine)
    running(mine)
    found = find(machine, environ)
    assert (found.place.folder, found.means, found.others) == (mine, Means.RUNNING, (state,))


def test_of_two_that_run_it_is_the_service(
    machine: Installed, environ: dict[str, str], running: Callable[[Path], None]
) -> None:
    state = service(machine)
    for folder in (own(environ), state):
        running(folder)
    assert find(machine, environ).place.folder == state


def test_a_socket_that_a_killed_daemon_left_is_not_a_running_one(
    machine: Installed, environ: dict[str, str]
) -> None:
    mine, state = own(environ), service(machine)
    (mine / SOCKET_NAME).touch()
    assert find(machine, environ).place.folder == state


def test_a_running_daemon_comes_before_a_directory_that_is_named(
    machine: Installed,
    environ: dict[str, str],
    tmp_path: Path,
    running: Callable[[Path], None],
) -> None:
    mine, named = own(environ), tmp_path / "restored"
    running(mine)
    for option, more in ((named, {}), (None, {"STATE_DIRECTORY": str(named)})):
        found = find(machine, environ | more, config=tmp_path / "copy.yaml", option=option)
        assert (found.place.folder, found.means, found.others) == (mine, Means.RUNNING, (named,))
        assert not found.is_as_named
    assert not named.exists()


def test_an_installed_service_comes_before_a_directory_that_is_named(
    machine: Installed, environ: dict[str, str], tmp_path: Path
) -> None:
    state, named = service(machine), tmp_path / "restored"
    found = find(machine, environ, option=named)
    assert (found.place.folder, found.means, found.others) == (state, Means.INSTALLED, (named,))
    assert find(machine, environ, option=state).is_as_named


def test_a_daemon_that_runs_in_the_directory_that_is_named_is_asked(
    machine: Installed,
    environ: dict[str, str],
    tmp_path: Path,
    running: Callable[[Path], None],
) -> None:
    state, named = service(machine), open_state(tmp_path / "test", DOOR).folder
    running(named)
    found = find(machine, environ, option=named)
    assert (found.place.folder, found.means, found.others) == (named, Means.RUNNING, (state,))


def test_a_directory_that_is_named_comes_before_ones_own(
    machine: Installed, environ: dict[str, str], tmp_path: Path
) -> None:
    mine, named = own(environ), tmp_path / "restored"
    found = find(machine, environ, config=tmp_path / "copy.yaml", option=named)
    assert (found.place.folder, found.means, found.others) == (named, Means.NAMED, (mine,))


def test_the_daemon_itself_begins_where_it_is_told_to(tmp_path: Path) -> None:
    for_service = {"STATE_DIRECTORY": "/var/lib/edgeverify/front:/var/lib/edgeverify/models"}
    assert named_state(DOOR, tmp_path, for_service) == tmp_path
    assert named_state(DOOR, None, for_service) == Path("/var/lib/edgeverify/front")
    assert named_state(DOOR, None, {}) is None


def test_of_two_services_of_one_door_the_one_that_is_named_is_taken(
    machine: Installed, environ: dict[str, str], tmp_path: Path
) -> None:
    service(machine, "front")
    back = service(machine, "back")
    found = find(machine, environ, config=tmp_path / "copy.yaml", option=back)
    assert (found.place.folder, found.means) == (back, Means.INSTALLED)


def test_an_installed_config_whose_service_never_started(
    machine: Installed, environ: dict[str, str], tmp_path: Path
) -> None:
    found = find(machine, environ)
    assert (found.place.folder, found.means) == (machine.states / "front", Means.INSTALLED)
    found = find(machine, environ, config=tmp_path / "front.yaml")
    assert found.place.folder == state_path(DOOR, None, environ)
    assert not found.place.folder.exists()


def test_the_config_s_own_name_is_not_overruled_by_a_door_of_the_same_name(
    machine: Installed, environ: dict[str, str], tmp_path: Path
) -> None:
    old, state = service(machine, "edgeverify"), service(machine, "front")
    found = find(machine, environ)
    assert (found.place.folder, found.others) == (state, (old,))
    with pytest.raises(StateError, match="several services of this machine have") as caught:
        find(machine, environ, config=tmp_path / "elsewhere.yaml")
    assert f"{old}, {state}" in caught.value.advice


def test_a_service_of_another_door_under_the_config_s_name_is_said_on_opening(
    machine: Installed, environ: dict[str, str]
) -> None:
    service(machine, "front", "renamed-door")
    place = find(machine, environ).place
    with pytest.raises(StateError, match="belongs to the door 'renamed-door', not 'front-door'"):
        existing_state(place.folder, place.door)


@contextmanager
def third_user() -> Iterator[None]:
    """Be somebody else for a moment; only root can."""
    os.setegid(THIRD_USER)
    os.seteuid(THIRD_USER)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


@pytest.fixture
def open_folder(tmp_path: Path) -> None:
    """Let the third user come as far as the machine's folders."""
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.geteuid() and not folder.stat().st_mode & 0o001:
            folder.chmod(folder.stat().st_mode | 0o011)


@pytest.mark.skipif(os.geteuid() != 0, reason="being another user needs root")
@pytest.mark.usefixtures("open_folder")
@pytest.mark.parametrize("is_listed", [True, False])
def test_who_may_not_read_the_state_is_told_what_to_type(
    machine: Installed, environ: dict[str, str], tmp_path: Path, *, is_listed: bool
) -> None:
    state = service(machine)
    mine = own(environ)
    for folder in (tmp_path / "home").rglob("*"):
        os.chown(folder, THIRD_USER, THIRD_USER)
    machine.states.chmod(0o755 if is_listed else 0o750)
    (tmp_path / "home").chmod(0o755)
    with third_user():
        for config in (None, tmp_path / "copy.yaml"):
            with pytest.raises(StateError, match="which nobody may not read") as caught:
                find(machine, environ, config=config)
            assert caught.value.advice.startswith(f"Type: sudo {COMMAND}")
            assert caught.value.exit_code == 2
        for config in (None, tmp_path / "copy.yaml"):
            with pytest.raises(StateError, match="which nobody may not read"):
                find(machine, environ, config=config, option=state)
        # Of a door that is not installed nobody can say that it is somebody else's.
        found = find(machine, environ, config=tmp_path / "copy.yaml", option=mine)
        assert found.place.folder == mine
        # A door of one's own may begin beside services that are nobody's business.
        begun = find(machine, environ, config=tmp_path / "copy.yaml", may_begin=True)
        assert begun.place.folder == mine
        with pytest.raises(StateError, match="may not look into") as caught:
            find_daemon(None, environ, command="edgeverify status", installed=machine)
        assert caught.value.advice == "Type: sudo edgeverify status"


class TestFindingTheDaemonWithoutAConfig:
    def test_the_one_named_is_asked(self, tmp_path: Path, machine: Installed) -> None:
        found = find_daemon(tmp_path, {}, command="", installed=machine)
        assert found == tmp_path

    def test_systemd_names_the_first_of_several(self, machine: Installed) -> None:
        environ = {"STATE_DIRECTORY": "/var/lib/edgeverify/front:/var/lib/edgeverify/models"}
        found = find_daemon(None, environ, command="", installed=machine)
        assert found == Path("/var/lib/edgeverify/front")

    def test_the_only_one_that_runs_is_found(
        self, machine: Installed, environ: dict[str, str], running: Callable[[Path], None]
    ) -> None:
        front, back = service(machine), service(machine, "back", "back-door")
        running(front)
        left = socket.socket(socket.AF_UNIX)
        left.bind(str(Path(os.path.relpath(back / SOCKET_NAME))))
        left.close()
        assert find_daemon(None, environ, command="", installed=machine) == front

    def test_of_two_one_must_be_chosen(
        self, machine: Installed, environ: dict[str, str], running: Callable[[Path], None]
    ) -> None:
        front, back = service(machine), own(environ)
        for folder in (front, back):
            running(folder)
        with pytest.raises(StateError, match="several daemons") as caught:
            find_daemon(None, environ, command="", installed=machine)
        assert caught.value.advice == f"Choose with --state: {front}, {back}"

    def test_none_at_all(self, machine: Installed, environ: dict[str, str]) -> None:
        with pytest.raises(StateError, match="no daemon is running on this machine"):
            find_daemon(None, environ, command="", installed=machine)
