"""Three minutes beside a door (`make soak HOURS=n`: as long as you like)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.soak.props import Props
from tests.soak.soaking import soak
from tests.soak.verdict import failures
from tests.soak.world import world

MINUTES = float(os.environ.get("EDGEVERIFY_SOAK_MINUTES", "3"))
SEED = int(os.environ.get("EDGEVERIFY_SOAK_SEED", "20261122"))


@pytest.mark.slow
@pytest.mark.timeout(1200 + 90 * MINUTES)
def test_nothing_leaks_and_every_book_agrees(tmp_path: Path, props: Props) -> None:
    with world(tmp_path, props) as made:
        report = soak(made, seconds=60 * MINUTES, seed=SEED, say=print)
        print("\n".join(report.lines()))  # noqa: T201 - the figures for docs/reliability.md
        exit_code = made.stop()
        log = made.log
    assert sum(report.decisions.values()) > 50
    assert failures(report, log, exit_code, judge_latency=MINUTES >= 30) == []
