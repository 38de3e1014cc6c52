"""A panel that makes its reader's key itself: libosdp's control panel in installation mode."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import osdp
import pytest
from typer.testing import CliRunner, Result

from edgeverify.cli.main import app
from tests.osdp_bus import KEY, Wire
from tests.panel.stage import RealPanel, stage
from tests.waiting import patience


@pytest.fixture
def wire() -> Iterator[Wire]:
    made = Wire()
    yield made
    made.close()


def _pair(folder: Path, port: str, *options: str, seconds: float = 1.0) -> Result:
    config = folder / "door.yaml"
    settings = f"{{port: {port}, baud: 115200, key_file: panel.key}}"
    config.write_text(f"door: front-door\nosdp_reader: {settings}\n", encoding="utf-8")
    command = ["panel", "pair", "--config", str(config), "--seconds", str(seconds)]
    return CliRunner().invoke(app, [*command, *options])


def test_the_key_that_the_panel_sets_is_kept_and_opens_the_channel(
    tmp_path: Path, wire: Wire
) -> None:
    with RealPanel(wire.ports[1], flags=[osdp.LibFlag.InstallMode]):
        told = _pair(tmp_path, wire.ports[0], seconds=patience(20))
    assert told.exit_code == 0, told.output
    key = tmp_path / "panel.key"
    assert key.read_text(encoding="utf-8").strip() == KEY.hex()
    assert key.stat().st_mode & 0o777 == 0o600
    assert KEY.hex() not in told.output
    with stage(tmp_path, wire) as door, RealPanel(wire.ports[1]) as panel:
        door.wait()
        door.grant_until_told(panel)


def test_a_panel_that_has_its_key_gives_none_away(tmp_path: Path, wire: Wire) -> None:
    with RealPanel(wire.ports[1]):
        told = _pair(tmp_path, wire.ports[0])
    assert told.exit_code == 2
    assert "no panel set a key for address 0" in told.output
    assert "installation mode" in told.output
    assert not (tmp_path / "panel.key").exists()


def test_a_key_that_is_there_is_replaced_only_when_told(tmp_path: Path, wire: Wire) -> None:
    (tmp_path / "panel.key").write_text("00", encoding="utf-8")
    told = _pair(tmp_path, wire.ports[0])
    assert told.exit_code == 2
    assert "--replace" in told.output
    with RealPanel(wire.ports[1], flags=[osdp.LibFlag.InstallMode]):
        told = _pair(tmp_path, wire.ports[0], "--replace", seconds=patience(20))
    assert told.exit_code == 0, told.output
    assert (tmp_path / "panel.key").read_text(encoding="utf-8").strip() == KEY.hex()


def test_a_port_that_cannot_be_opened_is_one_plain_error(tmp_path: Path) -> None:
    told = _pair(tmp_path, "/dev/ttyNone")
    assert told.exit_code == 2
    assert "cannot be opened" in told.output
    assert "Stop the service" in told.output
