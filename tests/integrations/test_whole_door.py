"""The whole door of the README's parts list, and Home Assistant itself at its broker.

`tests/systemd/test_chain.py` tells the rest of the story; here stands what the hub is shown of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from edgeverify.domain import Reason
from tests.integrations.home_assistant import HomeAssistant, home_assistant
from tests.integrations.test_home_assistant import CACHE
from tests.integrations.tls_proxy import plain_way_to
from tests.systemd.conftest import HOUSE, broker, machine
from tests.systemd.container import Container
from tests.systemd.films import ADA, PRINT, Footage
from tests.systemd.side_door import ADA_CARD, SideDoor
from tests.systemd.test_chain import footage, whole_door
from tests.waiting import until

__all__ = ["broker", "footage", "machine"]
pytestmark = [pytest.mark.integrations, pytest.mark.timeout(1800)]
LOGIN = "home-assistant"
DISCOVERY = "home_assistant: {discovery: true}\n"


@pytest.fixture
def door(
    machine: Container,
    broker: int,
    footage: Footage,
    trained_models: Path,
) -> Iterator[SideDoor]:
    with whole_door(machine, broker, footage, trained_models, more=DISCOVERY) as made:
        yield made


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HomeAssistant]:
    with home_assistant(CACHE, tmp_path / "home-assistant.log") as running:
        yield running


def _event(hub: HomeAssistant) -> tuple[object, object]:
    told = hub.state("event.side_door_decision")["attributes"]
    return told.get("event_type"), told.get("reason")


def test_home_assistant_shows_what_happens_at_the_whole_door(
    door: SideDoor, hub: HomeAssistant
) -> None:
    house = door.machine.files / HOUSE[1:]
    password = (house / "logins" / LOGIN / "password").read_text().strip()
    with plain_way_to(door.broker, house / "ca.crt") as port:
        hub.add_broker(port, LOGIN, password)
        connected = "binary_sensor.side_door_connected"
        until(lambda: hub.state(connected)["state"] == "on", "the door to be shown", 60)
        lock = "sensor.side_door_lock"
        until(lambda: hub.state(lock)["state"] == "locked", "the lock to be shown", 30)

        door.camera.show(PRINT)
        door.touch_for(ADA_CARD, Reason.PRESENTATION_ATTACK)
        denied = ("denied", "presentation_attack")
        until(lambda: _event(hub) == denied, "the photo that was held up", 30)

        door.camera.show(ADA)
        door.forget_the_relay()
        door.touch_for(ADA_CARD, Reason.MATCH)
        until(lambda: _event(hub) == ("granted", "match"), "the grant", 30)
        door.until("the relay", door.has_closed)

        door.forget_the_relay()
        door.operator("open", "--hours", "1")
        until(lambda: hub.state(lock)["state"] == "open", "the open door", 30)
        door.operator("normal")
        until(lambda: hub.state(lock)["state"] == "locked", "the locked door", 60)
