"""The doctor asks the panel itself where no daemon does, and `check-config` what it needs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgeverify.claims import SOURCES
from edgeverify.config import LoadedConfig, load_config
from edgeverify.daemon.doctor.finding import Finding
from edgeverify.daemon.doctor.panel import look_at_panel
from edgeverify.daemon.fitness import problems_of
from edgeverify.domain import FaultName
from tests.osdp_bus import KEY, Wire
from tests.panel.stage import RealPanel
from tests.waiting import patience

CONFIG = """\
door: front-door
osdp_reader:
  enabled: true
  port: {port}
  baud: 115200
  key_file: panel.key
  card: {{facility: 18}}
staff:
  - {{card: "54919", name: Ada, photos: [ada.jpg]}}
"""


def _config(folder: Path, port: str, text: str = CONFIG) -> LoadedConfig:
    key = folder / "panel.key"
    key.write_text(KEY.hex(), encoding="utf-8")
    key.chmod(0o600)
    path = folder / "door.yaml"
    path.write_text(text.format(port=port), encoding="utf-8")
    return load_config(path)


@pytest.fixture
def wire() -> Iterator[Wire]:
    made = Wire()
    yield made
    made.close()


def _look(config: LoadedConfig, seconds: float = 20.0, *, is_running: bool = False) -> Finding:
    (found,) = look_at_panel(config, is_running=is_running, patience_seconds=patience(seconds))
    return found


def test_a_panel_that_opens_the_channel_is_well(tmp_path: Path, wire: Wire) -> None:
    config = _config(tmp_path, wire.ports[0])
    with RealPanel(wire.ports[1]):
        found = _look(config)
    assert found.is_well
    assert "over the secure channel" in found.seen


def test_a_panel_without_secure_channel_is_named_where_it_is_accepted(
    tmp_path: Path, wire: Wire
) -> None:
    text = CONFIG.replace("key_file: panel.key", "accept_no_secure_channel: true")
    with RealPanel(wire.ports[1], None, is_secure=False):
        found = _look(_config(tmp_path, wire.ports[0], text))
    assert found.fault == FaultName.PANEL_WITHOUT_SECURE_CHANNEL


def test_a_port_that_is_not_there_is_a_fault_at_once(tmp_path: Path) -> None:
    found = _look(_config(tmp_path, str(tmp_path / "ttyNone")))
    assert found.fault == FaultName.PANEL_UNAVAILABLE
    assert "cannot be opened" in found.seen
    assert found.advice


def test_a_running_daemon_has_the_panel_and_a_door_without_one_says_nothing(
    tmp_path: Path,
) -> None:
    config = _config(tmp_path, "/dev/ttyUSB0")
    assert _look(config, is_running=True).is_well
    without = _config(tmp_path, "/dev/ttyUSB0", CONFIG.replace("enabled: true", "enabled: false"))
    assert list(look_at_panel(without, is_running=False)) == []


def _problems(config: LoadedConfig) -> list[str]:
    return [str(one).rpartition("door.yaml:")[2] for one in problems_of(config, {}, SOURCES)]


def test_a_key_that_cannot_be_used_is_named_with_its_line(tmp_path: Path) -> None:
    config = _config(tmp_path, "/dev/ttyUSB0")
    assert _problems(config) == []
    os.truncate(tmp_path / "panel.key", 30)
    (said,) = _problems(config)
    assert said.startswith("6: osdp_reader.key_file: the OSDP key must be 32 hexadecimal digits")


def test_a_card_that_the_panel_cannot_be_told_of_is_named(tmp_path: Path) -> None:
    (said,) = _problems(_config(tmp_path, "/dev/ttyUSB0", CONFIG.replace("54919", "70000")))
    assert said == (
        "7: osdp_reader.card: card '70000' does not fit into 16 bits behind a facility. "
        "Set osdp_reader.card to how the panel knows the cards."
    )
    elsewhere = CONFIG.replace("54919", "70000").replace("name: Ada", "name: Ada, doors: [back]")
    assert _problems(_config(tmp_path, "/dev/ttyUSB0", elsewhere)) == []
