"""A user without a home and without an entry in /etc/passwd, as containers have them."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeverify.door_state import Installed, Means, find_daemon, find_state
from edgeverify.errors import StateError
from edgeverify.home_folder import expanded
from edgeverify.models import pip_download
from edgeverify.models.folder_lock import folder_lock
from edgeverify.state import open_state
from edgeverify.status_socket import StatusServer

DOOR = "front-door"
COMMAND = "edgeverify status"


@pytest.fixture(autouse=True)
def _nameless(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(_uid: int) -> object:
        raise KeyError

    monkeypatch.setattr("pwd.getpwuid", nobody)
    monkeypatch.delenv("HOME")


def test_a_state_that_is_named_is_taken_and_else_the_one_that_runs(tmp_path: Path) -> None:
    machine = Installed(states=tmp_path / "var", configs=tmp_path / "etc")
    config = tmp_path / "elsewhere.yaml"

    def found(option: Path | None = None) -> tuple[Path, Means]:
        state = find_state(config, DOOR, option, {}, command=COMMAND, installed=machine)
        return state.place.folder, state.means

    assert found(tmp_path / "mine") == (tmp_path / "mine", Means.NAMED)
    with pytest.raises(StateError, match="no home and no entry in /etc/passwd"):
        found()
    machine.states.mkdir()
    service = open_state(machine.states / "front", DOOR).folder
    server = StatusServer(service, {"status": lambda _: {}})
    try:
        assert found() == (service, Means.RUNNING)
        assert find_daemon(None, {}, command=COMMAND, installed=machine) == service
    finally:
        server.close()


def test_a_path_from_home_stays_a_path() -> None:
    assert expanded(Path("~/master.key")) == Path("~/master.key")


def test_where_models_may_lie_is_to_be_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Exception, match="cannot make the folder") as caught:
        folder_lock(tmp_path / "file" / "models").__enter__()
    assert "XDG_DATA_HOME" in str(caught.value)
    assert "no entry in /etc/passwd" in str(caught.value)


def test_models_are_fetched_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = pip_download._environment(tmp_path, tmp_path / "tmp")
    assert (given["HOME"], given["TMPDIR"]) == (str(tmp_path), str(tmp_path / "tmp"))
    monkeypatch.setenv("HOME", "/home/door")
    assert pip_download._environment(tmp_path, tmp_path / "tmp")["HOME"] == "/home/door"
