"""A whole door and Home Assistant itself at one broker."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgeverify.client import Feed
from edgeverify.demo.scenes import OWNER_CARD, UNKNOWN_CARD
from edgeverify.events import LockCause, LockReport, LockState
from tests.absent import absent
from tests.doors import decided, door_keys, event_of
from tests.integrations.conftest import CHECKOUT
from tests.integrations.home_assistant import HomeAssistant, home_assistant
from tests.soak.conftest import props
from tests.soak.props import Props
from tests.soak.traffic import TOPICS, Witness
from tests.soak.world import DOOR, World, world
from tests.waiting import until

__all__ = ["props"]
pytestmark = pytest.mark.integrations
CACHE = CHECKOUT / ".cache/home-assistant"


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HomeAssistant]:
    if os.geteuid() != 0 or not (shutil.which("systemd-nspawn") and shutil.which("debootstrap")):
        absent("Home Assistant needs a container: root, debootstrap, systemd-nspawn")
    with home_assistant(CACHE, tmp_path / "home-assistant.log") as running:
        yield running


@pytest.fixture
def door(tmp_path: Path, props: Props) -> Iterator[World]:
    with world(tmp_path, props) as made:
        made.configure(home_assistant={"discovery": True})
        yield made


def _entity(kind: str, name: str) -> str:
    return f"{kind}.{DOOR.replace('-', '_')}_{name}"


@pytest.mark.timeout(1200)
def test_home_assistant_shows_the_door_and_every_decision(
    hub: HomeAssistant, door: World, tmp_path: Path
) -> None:
    hub.add_broker(door.broker.port)
    door.start()
    decision = _entity("event", "decision")
    until(lambda: decision in hub.entities(), "the door to be discovered", 30)
    connected = _entity("binary_sensor", "connected")
    until(lambda: hub.state(connected)["state"] == "on", "the door to be connected")
    problem = hub.state(_entity("binary_sensor", "problem"))
    assert problem["state"] == "on", "its threshold is by hand"
    assert "threshold_by_hand" in problem["attributes"]["reasons"]
    assert float(hub.state(_entity("sensor", "temperature"))["state"]) == 45.0
    assert hub.state(decision)["state"] == "unknown", "nothing was decided yet"

    with Witness(door.broker.port) as reader:
        reader.claim(UNKNOWN_CARD)
        until(lambda: hub.state(decision)["attributes"].get("event_type"), "the denial", 30)
        denied = hub.state(decision)
        assert denied["attributes"]["event_type"] == "denied"
        assert denied["attributes"]["reason"] == "unknown_reference"

        def let_in() -> bool:
            if hub.state(decision)["attributes"]["event_type"] == "denied":
                reader.claim(OWNER_CARD)
            return bool(hub.state(decision)["attributes"]["event_type"] == "granted")

        until(let_in, "the owner to be let in", 60)
        granted = hub.state(decision)
        assert granted["attributes"]["reason"] == "match"
        assert OWNER_CARD not in str(granted)
        assert "granted" not in granted["state"], "its state is when it happened, and nothing else"

    with Feed("127.0.0.1", door.broker.port, topics=()) as panels_door:
        passed_on = decided("x", opened_by="panel")
        panels_door.publish(TOPICS.event, event_of(door_keys(tmp_path), 1, passed_on))
        until(
            lambda: hub.state(decision)["attributes"]["event_type"] == "verified",
            "a grant behind a panel to be told apart",
        )

    with Feed("127.0.0.1", door.broker.port, topics=()) as lock_program:
        lock_program.publish(TOPICS.lock, _forced().to_bytes(), retain=True)
        lock = _entity("sensor", "lock")
        until(lambda: hub.state(lock)["state"] == "forced", "the lock's alarm")
        assert hub.state(_entity("binary_sensor", "open"))["state"] == "on"

    assert door.stop() == 0
    until(lambda: hub.state(connected)["state"] == "off", "the door to be gone")
    assert hub.state(decision)["state"] == "unavailable"


def _forced() -> LockReport:
    return LockReport(
        id="x",
        door=DOOR,
        state=LockState.FORCED,
        cause=LockCause.CONTACT,
        is_released=False,
        is_open=True,
        at=None,
    )
