"""The whole daemon killed, as often as EDGEVERIFY_DAEMON_KILLS says: nothing promised is lost."""

from __future__ import annotations

import os
import random
import time
from functools import partial
from pathlib import Path

import pytest

from tests.soak.props import Props
from tests.soak.reckoning import disagreements
from tests.soak.traffic import Passers, Witness
from tests.soak.world import world
from tests.waiting import until

KILLS = int(os.environ.get("EDGEVERIFY_DAEMON_KILLS", "10"))


@pytest.mark.slow
@pytest.mark.timeout(300 + 120 * KILLS)
def test_kills_lose_no_decision_and_publish_none_twice(tmp_path: Path, props: Props) -> None:
    """Killed while people stand at the door; what any subscriber ever heard has its row."""
    draw = random.Random(20261122)
    with world(tmp_path, props) as made, Witness(made.broker.port) as witness:
        claims = 0
        for number in range(KILLS):
            made.start()
            with Passers(made, witness, number) as people:
                until(partial(_heard_more, witness, len(witness.live)), "two decisions")
                time.sleep(draw.uniform(0.0, 1.5))
                made.kill()
            claims += people.claims
        made.start()
        until(lambda: made.status().get("outbox") == 0, "the outbox to be empty", 60)
        time.sleep(1.0)
        wrong = disagreements(made.journal, witness, None)
        print(f"{KILLS} kills, {claims} claims, {len(witness.live)} live decisions")  # noqa: T201
        assert wrong == []
        assert "Traceback" not in made.log
        assert made.stop() == 0


def _heard_more(witness: Witness, before: int) -> bool:
    return len(witness.live) > before + 1
