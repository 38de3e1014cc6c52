"""The supervisor's turns: one that fails is told, and the next one comes."""

from __future__ import annotations

import errno
import os
import threading
from types import SimpleNamespace
from typing import cast

import pytest

from edgeverify.daemon.faults import FaultBoard
from edgeverify.daemon.parts import Parts
from edgeverify.daemon.supervisor import Supervisor
from edgeverify.domain import FaultName
from edgeverify.systemd import ServiceManager
from tests.waiting import patience


@pytest.mark.parametrize(
    ("error", "named"),
    [
        (OSError(errno.EMFILE, "Too many open files"), FaultName.OPEN_FILES_EXHAUSTED),
        (ValueError("a mistake of ours"), FaultName.INTERNAL_ERROR),
    ],
)
def test_a_turn_that_fails_does_not_end_the_door(error: Exception, named: FaultName) -> None:
    faults, turns = FaultBoard(), 0
    enough = threading.Event()

    def look(_now: float) -> None:
        nonlocal turns
        turns += 1
        if turns == 3:
            enough.set()
        raise error

    service = SimpleNamespace(
        faults=faults,
        health=SimpleNamespace(look=look),
        reporter=SimpleNamespace(is_ready=True),
    )
    manager = ServiceManager.from_environment({}, os.getpid())
    supervisor = Supervisor(cast("Parts", service), manager)
    thread = threading.Thread(target=supervisor._look_after_until_stopped)
    thread.start()
    assert enough.wait(patience(5)), "it went on"
    supervisor.stop()
    thread.join(patience(5))
    assert named in faults
