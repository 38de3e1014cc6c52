"""The process that holds the relay locks when its time is over, and when its program has gone."""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgeverify.keys import SigningKeys
from edgeverify.lock.relay.child import Holder
from edgeverify.lock.relay.keeper import Keeper, RelayAnswer
from edgeverify.lock.relay.output import RelayError
from edgeverify.lock.settings import LockSettings
from tests.brokers import Mosquitto, mosquitto, publish
from tests.doors import decided, door_keys, event_of
from tests.lock.stage import TOPICS, Lock, lock
from tests.waiting import until


@pytest.fixture
def keys(tmp_path: Path) -> SigningKeys:
    return door_keys(tmp_path)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with mosquitto(tmp_path / "broker") as running:
        yield running


def _released(running: Lock, broker: Mosquitto, keys: SigningKeys, sequence: int) -> None:
    until(lambda: "the broker is there" in running.log, "the lock to connect", 20)
    before = running.moves.count("released")
    publish(broker, TOPICS.event, event_of(keys, sequence, decided("yes")))
    until(lambda: running.moves.count("released") > before, "the release")


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_a_program_that_dies_or_hangs_leaves_no_door_released(
    how: signal.Signals, broker: Mosquitto, keys: SigningKeys, tmp_path: Path
) -> None:
    seconds = 60.0 if how is signal.SIGKILL else 2.0
    with lock(tmp_path / "lock", broker, keys, pulse_seconds=seconds) as running:
        _released(running, broker, keys, 7)
        assert running.process is not None
        running.process.send_signal(how)
        until(lambda: running.moves[-1] == "resting", "the relay's process to lock")


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_a_relay_process_that_dies_or_hangs_is_replaced_by_one_that_locks_first(
    how: signal.Signals, broker: Mosquitto, keys: SigningKeys, tmp_path: Path
) -> None:
    with lock(tmp_path / "lock", broker, keys, pulse_seconds=60.0) as running:
        _released(running, broker, keys, 7)
        os.kill(running.child(), how)
        until(lambda: running.moves[-1] == "resting", "the new process to lock", 30)
        _released(running, broker, keys, 8)


class _Sticky:
    """An output that fails while it is told to."""

    def __init__(self) -> None:
        self.is_stuck = False
        self.coil: list[bool] = []

    def put(self, *, released: bool, energised: bool) -> None:  # noqa: ARG002
        if self.is_stuck:
            raise RelayError("It does not move.")
        self.coil.append(energised)

    def close(self) -> None:
        pass


class _Stage:
    def __init__(self, *, energised_releases: bool = True) -> None:
        self.output, self.said, self.now = _Sticky(), [""], 100.0
        self.holder = Holder(
            self.output,
            energised_releases=energised_releases,
            say=self.said.append,
            now=lambda: self.now,
        )


def test_a_release_ends_by_the_process_own_clock() -> None:
    stage = _Stage()
    stage.holder.obey("release 2.5")
    stage.now += 2.4
    stage.holder.look()
    assert stage.output.coil == [True]
    stage.now += 0.1
    stage.holder.look()
    assert stage.output.coil == [True, False]
    assert stage.said[1:] == ["released", "resting"]


def test_a_fail_safe_lock_is_released_by_taking_the_current_away() -> None:
    stage = _Stage(energised_releases=False)
    stage.holder.obey("rest")
    stage.holder.obey("release 1")
    assert stage.output.coil == [True, False]


@pytest.mark.parametrize("seconds", ["121", "0", "-1", "nan", "inf", "", "soon"])
def test_no_release_is_longer_than_the_longest(seconds: str) -> None:
    stage = _Stage()
    stage.holder.obey(f"release {seconds}")
    assert stage.output.coil == []
    assert stage.said[-1].startswith("failed")


def test_a_relay_that_sticks_is_tried_until_it_rests() -> None:
    stage = _Stage()
    stage.holder.obey("release 1")
    stage.output.is_stuck = True
    for _ in range(3):
        stage.now += 1.0
        stage.holder.look()
        assert stage.said[-1] == "failed It does not move."
    stage.output.is_stuck = False
    stage.now += 1.0
    stage.holder.look()
    assert stage.said[-1] == "resting"
    assert stage.holder.due_at is None


def test_a_release_that_failed_half_way_is_put_to_rest() -> None:
    stage = _Stage()
    stage.output.is_stuck = True
    stage.holder.obey("release 30")
    stage.output.is_stuck = False
    stage.holder.look()
    assert stage.said[1:] == ["failed It does not move.", "resting"]


def test_what_is_no_order_locks() -> None:
    stage = _Stage()
    stage.holder.obey("release 30")
    stage.holder.obey("sesame")
    assert stage.output.coil == [True, False]


def test_a_machine_that_lets_no_process_be_started_ends_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A full table of open files ended the program, and with a traceback."""
    told: list[RelayAnswer] = []
    settings = LockSettings.model_validate(
        {
            "door": "front-door",
            "keys": ("front-door.pub",),
            "lock_type": "fail_secure",
            "relay": {"kind": "command", "release": ("/bin/true",), "rest": ("/bin/true",)},
        }
    )
    keeper = Keeper(settings, b"", told.append)

    def refuse(*_arguments: object, **_more: object) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    with monkeypatch.context() as full:
        full.setattr("subprocess.Popen", refuse)
        keeper.start(0.0)
        assert told[-1].word == "gone"
        assert "cannot be started: Too many open files" in told[-1].text
        assert not keeper.release(5.0)
        keeper.look(60.0)
        assert len(told) == 2
    keeper.look(120.0)
    until(lambda: told[-1].word == "resting", "the process to lock once it can be started")
    keeper.stop()
