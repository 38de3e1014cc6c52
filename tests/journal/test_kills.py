"""A hundred SIGKILLs (`make test-kill`: a thousand): nothing promised is lost.

A kill alone proves no durability, because the page cache outlives the process: the power-cut
tests do that. This proves order, once-only live publication and whole files.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.brokers import mosquitto
from tests.journal.killing import kill_often

KILLS = int(os.environ.get("EDGEVERIFY_KILLS", "100"))


@pytest.mark.slow
@pytest.mark.timeout(60 + 10 * KILLS)
def test_kills_lose_nothing_and_publish_nothing_twice(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.mkdir()
    quiet = ("allow_anonymous true", "log_type error", "max_queued_messages 0")
    with mosquitto(tmp_path / "broker", *quiet) as broker:
        toll = kill_often(folder, broker, KILLS, seed=20261122)
    print(toll)  # noqa: T201 - the figures for docs/reliability.md, shown by pytest -s
    assert toll.committed > KILLS
    assert toll.live > KILLS
    assert toll.rows >= toll.committed
    assert toll.lost == frozenset()
    assert toll.published_twice == frozenset()
    assert toll.live_without_row == frozenset()
    assert toll.never_delivered == frozenset()
    assert toll.unordered == 0
    assert toll.damage == ()
