"""How long the door waits before it tries the broker again: little, where nobody is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeverify.backoff import Backoff
from edgeverify.mqtt.link import ABSENT_PAUSE_SECONDS
from tests.brokers import mosquitto
from tests.mqtt.conftest import LinkMaker
from tests.ports import free_port
from tests.waiting import until

LONG = 300.0


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the link would have waited; it does not wait."""
    found: list[float] = []

    class Told(Backoff):
        def next_pause(self, longest_seconds: float | None = None) -> float:
            found.append(super().next_pause(longest_seconds))
            return 0.0

    monkeypatch.setattr("edgeverify.mqtt.link.Backoff", Told)
    return found


def test_a_broker_that_was_away_for_long_is_found_within_seconds(
    make_link: LinkMaker, pauses: list[float]
) -> None:
    make_link(free_port(), max_reconnect_seconds=LONG)
    until(lambda: len(pauses) > 30, "thirty attempts")
    assert max(pauses) <= ABSENT_PAUSE_SECONDS
    assert len(set(pauses)) > 20, "spread, so that all doors of a building do not come at once"


def test_a_broker_that_refuses_is_left_alone_for_longer_and_longer(
    tmp_path: Path, make_link: LinkMaker, pauses: list[float]
) -> None:
    with mosquitto(tmp_path / "broker", "allow_anonymous false") as broker:
        make_link(broker.port, max_reconnect_seconds=LONG)
        until(lambda: len(pauses) > 12, "a dozen attempts")
    assert max(pauses[8:]) > 10 * ABSENT_PAUSE_SECONDS
