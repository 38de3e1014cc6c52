"""Three minutes beside a door (`make soak HOURS=n`: as long as you like)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.soak.props import Props
from tests.soak.soaking import soak
from tests.soak.world import world

MINUTES = float(os.environ.get("EDGEVERIFY_SOAK_MINUTES", "3"))
SEED = int(os.environ.get("EDGEVERIFY_SOAK_SEED", "20261122"))
MAX_DRIFT_MEBIBYTES = 20.0
MAX_LATENCY_DRIFT = 0.10
JUDGES_LATENCY_FROM_MINUTES = 30.0
"""In less, chance and the machine's other work move it more than the door does."""


@pytest.mark.slow
@pytest.mark.timeout(1200 + 90 * MINUTES)
def test_nothing_leaks_and_every_book_agrees(tmp_path: Path, props: Props) -> None:
    with world(tmp_path, props) as made:
        report = soak(made, seconds=60 * MINUTES, seed=SEED, say=print)
        print("\n".join(report.lines()))  # noqa: T201 - the figures for docs/reliability.md
        assert "Traceback" not in made.log
        assert made.stop() == 0
    before, after = report.before, report.after
    assert before is not None
    assert after is not None
    assert sum(report.decisions.values()) > 50
    assert report.wrong == []
    assert report.drift_mebibytes < MAX_DRIFT_MEBIBYTES
    assert (after.handles, after.threads, after.children) == (
        before.handles,
        before.threads,
        before.children,
    )
    if MINUTES >= JUDGES_LATENCY_FROM_MINUTES:
        assert report.latency_drift < MAX_LATENCY_DRIFT
