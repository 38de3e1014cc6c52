"""Asking a running daemon over its unix socket, politely and otherwise."""

from __future__ import annotations

import json
import os
import socket
import stat
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from edgeverify.errors import ConfigError, StateError
from edgeverify.status_socket import (
    MAX_REQUEST_BYTES,
    SOCKET_NAME,
    Json,
    StatusServer,
    ask,
    is_running,
)
from tests.waiting import patience


def _refuse(_: Mapping[str, Json]) -> dict[str, Json]:
    raise ConfigError("card 7 still stands in staff", advice="take it out of the config first")


def _break(_: Mapping[str, Json]) -> dict[str, Json]:
    raise ZeroDivisionError("secret inner words")


HANDLERS = {
    "status": lambda _: {"state": "online"},
    "echo": lambda arguments: {"got": dict(arguments)},
    "remove": _refuse,
    "break": _break,
}


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state directory far deeper than a socket's address can be long."""
    deep = tmp_path.joinpath(*["a-rather-long-folder-name"] * 6)
    deep.mkdir(parents=True)
    return deep


@pytest.fixture
def server(state: Path) -> Iterator[StatusServer]:
    server = StatusServer(state, HANDLERS)
    yield server
    server.close()


def raw(state: Path, sent: bytes) -> dict[str, Json]:
    """Speak to the socket without the client's manners."""
    folder = os.open(state, os.O_PATH)
    with socket.socket(socket.AF_UNIX) as channel:
        channel.settimeout(patience(5))
        channel.connect(f"/proc/self/fd/{folder}/{SOCKET_NAME}")
        os.close(folder)
        channel.sendall(sent)
        channel.shutdown(socket.SHUT_WR)
        answer = json.loads(channel.makefile("rb").readline())
    assert isinstance(answer, dict)
    return answer


@pytest.mark.usefixtures("server")
def test_a_question_and_its_answer(state: Path) -> None:
    assert ask(state, "status") == {"state": "online"}
    assert ask(state, "echo", card="0012345", hard=True) == {
        "got": {"card": "0012345", "hard": True}
    }


@pytest.mark.usefixtures("server")
def test_only_its_owner_may_ask(state: Path) -> None:
    mode = (state / SOCKET_NAME).stat().st_mode
    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o600


@pytest.mark.usefixtures("server")
def test_a_refusal_comes_back_as_the_daemon_said_it(state: Path) -> None:
    with pytest.raises(StateError) as caught:
        ask(state, "remove", card="7")
    assert caught.value.problem == "card 7 still stands in staff"
    assert caught.value.advice == "take it out of the config first"


@pytest.mark.usefixtures("server")
def test_a_broken_handler_neither_ends_the_socket_nor_tells_its_inner_words(state: Path) -> None:
    with pytest.raises(StateError, match=r"failed on break: ZeroDivisionError$"):
        ask(state, "break")
    assert ask(state, "status") == {"state": "online"}


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(
    "sent",
    [
        b"\n",
        b"hello\n",
        b"[]\n",
        b"7\n",
        b'{"request": ["status"]}\n',
        b'{"request": "reboot"}\n',
        b"\xff\xfe\n",
        b"[" * 20000 + b"\n",
        b'{"request": "status"}',
        b'{"request": "' + b"x" * MAX_REQUEST_BYTES + b'"}\n',
    ],
)
def test_nonsense_is_refused_and_the_next_one_is_served(state: Path, sent: bytes) -> None:
    assert raw(state, sent)["ok"] is False
    assert ask(state, "status") == {"state": "online"}


@pytest.mark.usefixtures("server")
def test_a_client_that_says_nothing_holds_the_others_up_only_for_a_moment(state: Path) -> None:
    folder = os.open(state, os.O_PATH)
    with socket.socket(socket.AF_UNIX) as silent:
        silent.connect(f"/proc/self/fd/{folder}/{SOCKET_NAME}")
        os.close(folder)
        assert ask(state, "status", timeout_seconds=patience(10)) == {"state": "online"}


@pytest.mark.usefixtures("server")
def test_many_at_once(state: Path) -> None:
    seen: list[dict[str, Json]] = []
    asking = [threading.Thread(target=lambda: seen.append(ask(state, "status"))) for _ in range(20)]
    for one in asking:
        one.start()
    for one in asking:
        one.join()
    assert seen == [{"state": "online"}] * 20


def test_after_closing_nobody_answers_and_nothing_is_left(state: Path) -> None:
    server = StatusServer(state, HANDLERS)
    assert is_running(state)
    server.close()
    server.close()
    assert not is_running(state)
    assert list(state.iterdir()) == []
    with pytest.raises(StateError, match="no daemon is running"):
        ask(state, "status")


@pytest.mark.parametrize("instead", [None, "a file", "another's"])
def test_a_socket_that_is_taken_away_is_told(state: Path, instead: str | None) -> None:
    server = StatusServer(state, {"status": lambda _: {}})
    assert server.is_there
    path = state / SOCKET_NAME
    path.rename(state / "aside")
    if instead == "a file":
        path.write_text("")
    elif instead is not None:
        other = StatusServer(state, {"status": lambda _: {}})
        assert other.is_there
        other.close()
    assert not server.is_there
    server.close()
    again = StatusServer(state, {"status": lambda _: {"state": "online"}})
    assert ask(state, "status") == {"state": "online"}
    again.close()


def test_a_socket_in_a_folder_that_cannot_be_entered_for_a_while_is_kept(tmp_path: Path) -> None:
    """No other could be made there, and whoever may enter is answered again."""
    folder, away = tmp_path / "state", tmp_path / "away"
    folder.mkdir()
    server = StatusServer(folder, {"status": lambda _: {}})
    folder.rename(away)
    folder.symlink_to(folder)  # as bad for root as a folder without rights is for others
    assert server.is_there
    folder.unlink()
    assert not server.is_there
    away.rename(folder)
    assert server.is_there
    server.close()


def test_a_socket_left_by_a_killed_daemon_is_replaced(state: Path) -> None:
    left = socket.socket(socket.AF_UNIX)
    folder = os.open(state, os.O_PATH)
    left.bind(f"/proc/self/fd/{folder}/{SOCKET_NAME}")
    os.close(folder)
    left.close()
    with pytest.raises(StateError, match="no daemon is running"):
        ask(state, "status")
    server = StatusServer(state, HANDLERS)
    try:
        assert ask(state, "status") == {"state": "online"}
    finally:
        server.close()


def test_a_state_directory_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="cannot be made"):
        StatusServer(tmp_path / "absent", HANDLERS)
    with pytest.raises(StateError, match="no daemon is running"):
        ask(tmp_path / "absent", "status")
