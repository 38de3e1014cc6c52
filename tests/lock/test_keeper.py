"""The relay's process as its program sees it: replaced when it hangs, waited for when it starts."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgeverify.lock.relay import keeper as module
from edgeverify.lock.relay.keeper import Keeper, RelayAnswer
from edgeverify.lock.settings import LockSettings
from tests.waiting import until

SLOW_RELAY_SECONDS = 1.0


@pytest.fixture
def told() -> list[RelayAnswer]:
    return []


@pytest.fixture
def keeper(told: list[RelayAnswer]) -> Iterator[Keeper]:
    """A keeper of a relay that is a program which does nothing."""
    relay = {"kind": "command", "release": ["/bin/true"], "rest": ["/bin/true"]}
    settings = LockSettings.model_validate(
        {
            "door": "front-door",
            "keys": ["front-door.pub"],
            "lock_type": "fail_secure",
            "relay": {**relay, "timeout_seconds": SLOW_RELAY_SECONDS},
            "mqtt": {"host": "127.0.0.1"},
        }
    )
    made = Keeper(settings, b"", told.append)
    yield made
    if made.process_id is not None:
        os.kill(made.process_id, signal.SIGKILL)
    made.stop()


@pytest.fixture
def _starts_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the process never come to its first answer, as on a machine that is far too busy."""
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\nexec sleep 3600\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setattr(module.sys, "executable", str(program))


@pytest.mark.usefixtures("_starts_nothing")
def test_a_process_that_is_slow_to_start_is_given_longer_each_time(
    keeper: Keeper, told: list[RelayAnswer]
) -> None:
    now = 1000.0
    keeper.start(now)
    for allowed in (21.0, 42.0, 84.0, 168.0, 320.0, 320.0):
        first = keeper.process_id
        assert first is not None
        keeper.look(now + allowed - 0.5)
        assert keeper.process_id == first
        keeper.look(now + allowed + 0.5)
        assert keeper.process_id is None
        assert told.pop().word == "gone"
        now += allowed + 60
        keeper.look(now)


def test_one_that_has_answered_is_replaced_within_seconds(
    keeper: Keeper, told: list[RelayAnswer]
) -> None:
    keeper.start(1000.0)
    until(lambda: told, "the process to lock", 20)
    assert told.pop().word == "resting"
    process = keeper.process_id
    assert process is not None
    os.kill(process, signal.SIGSTOP)
    keeper.look(1001.0)
    keeper.look(1001.0 + module.SILENT_SECONDS + SLOW_RELAY_SECONDS - 0.1)
    assert keeper.process_id == process
    keeper.look(1001.0 + module.SILENT_SECONDS + SLOW_RELAY_SECONDS + 0.1)
    assert keeper.process_id is None
    assert told.pop().word == "gone"
