"""The lines that systemd gets, read from a real notification socket."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgeverify.systemd import ServiceManager, Watch, journal_is_on
from tests.waiting import patience


class Listener:
    """What systemd would be."""

    def __init__(self, address: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(address)
        self._socket.settimeout(patience(2))

    def heard(self) -> list[str]:
        return self._socket.recv(4096).decode().split("\n")

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def place() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        yield f"{folder}/notify"


def manager(place: str, **more: str) -> ServiceManager:
    return ServiceManager.from_environment({"NOTIFY_SOCKET": place, **more}, os.getpid())


def test_what_is_said_in_the_life_of_a_service(place: str) -> None:
    systemd, listener = manager(place), Listener(place)
    assert systemd.ready("front-door: online")
    assert listener.heard() == ["READY=1", "STATUS=front-door: online"]
    systemd.status("two\nlines")
    assert listener.heard() == ["STATUS=two lines"]
    systemd.alive()
    assert listener.heard() == ["WATCHDOG=1"]
    systemd.reloading(12.5)
    assert listener.heard() == ["RELOADING=1", "MONOTONIC_USEC=12500000"]
    systemd.stopping()
    assert listener.heard() == ["STOPPING=1", "STATUS=stopping"]
    listener.close()


def test_an_abstract_socket_is_found() -> None:
    name = f"edgeverify-test-{os.getpid()}-{id(object())}"
    listener = Listener(f"\0{name}")
    assert manager(f"@{name}").alive()
    assert listener.heard() == ["WATCHDOG=1"]
    listener.close()


@pytest.mark.parametrize("address", ["", "/nowhere/notify"])
def test_without_systemd_nothing_is_said_and_nothing_fails(address: str) -> None:
    assert not manager(address).ready("online")


def test_a_systemd_that_does_not_read_holds_nobody_up_and_hears_the_newest_later(
    place: str,
) -> None:
    """Its queue is full: at once the door goes on, and what had to wait is sent in order."""
    systemd, listener = manager(place), Listener(place)
    filled = 0
    while systemd.alive():
        filled += 1
        assert filled < 100_000
    # A manager that waited for its systemd would wait here for ever: nobody reads.
    assert not systemd.reloading(1.0)
    assert not systemd.status("the first")
    assert not systemd.status("the second")
    assert not systemd.ready("front-door: online")
    assert not systemd.resend()
    for _ in range(filled):
        assert listener.heard() == ["WATCHDOG=1"]
    assert systemd.resend()
    assert listener.heard() == ["WATCHDOG=1"]
    assert listener.heard()[0] == "RELOADING=1"
    assert listener.heard() == ["STATUS=the second"]
    assert listener.heard() == ["READY=1", "STATUS=front-door: online"]
    assert systemd.resend()
    listener.close()


def test_the_watchdog_is_fed_three_times_within_its_limit() -> None:
    systemd = manager("", WATCHDOG_USEC="20000000", WATCHDOG_PID=str(os.getpid()))
    assert systemd.watchdog_seconds == 20.0
    assert systemd.ping_seconds == pytest.approx(20 / 3)


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"WATCHDOG_USEC": "0"},
        {"WATCHDOG_USEC": "x"},
        {"WATCHDOG_USEC": "5", "WATCHDOG_PID": "1"},
    ],
)
def test_a_watchdog_that_is_off_or_somebody_elses_is_not_fed(environment: dict[str, str]) -> None:
    assert manager("", **environment).ping_seconds is None


def test_the_journal_is_told_from_a_shell(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w") as file:
        status = os.fstat(file.fileno())
        journal = {"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"}
        assert journal_is_on(file.fileno(), journal)
        assert not journal_is_on(file.fileno(), {"JOURNAL_STREAM": "1:2"})
        assert not journal_is_on(file.fileno(), {})
        closed = file.fileno()
    assert not journal_is_on(closed, journal)


def test_one_loop_that_hangs_is_named_whatever_the_others_do() -> None:
    watch = Watch()
    watch.expect("door", within_seconds=5, now=0)
    watch.expect("outbox", within_seconds=30, now=0)
    assert watch.stuck(5) == ()
    watch.moved("outbox", 6)
    assert watch.stuck(6) == ("door",)
    assert watch.stuck(40) == ("door", "outbox")
    watch.moved("door", 40)
    watch.forget("outbox")
    assert watch.stuck(41) == ()


def test_a_loop_that_nobody_announced_is_a_mistake_in_the_program() -> None:
    with pytest.raises(KeyError):
        Watch().moved("nobody", 0)
