"""From a card on a reader, through a whole daemon, to a panel; and its answer on the screen."""

from __future__ import annotations

import os
import pty
import time
import tty
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import osdp
import pytest

from edgeverify.claims.reading import SAME_CARD_SECONDS
from edgeverify.demo.scenes import OWNER_CARD
from edgeverify.domain import Outcome, Reason
from edgeverify.journal.reading import acts, recent
from edgeverify.page_socket import page_socket
from edgeverify.panel import card_bits
from edgeverify.settings import PanelCardSettings
from edgeverify.status_socket import Json
from tests.doors import DOOR
from tests.osdp_bus import KEY, Wire
from tests.panel.stage import RealPanel
from tests.soak.conftest import props
from tests.soak.props import Props
from tests.soak.world import World, world
from tests.waiting import until

__all__ = ["props"]

UNKNOWN_CARD = "0000000042"
CARD = PanelCardSettings(bits=37)


@pytest.fixture
def wire() -> Iterator[Wire]:
    made = Wire()
    yield made
    made.close()


@pytest.fixture
def reader() -> Iterator[tuple[int, str]]:
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    yield ours, os.ttyname(theirs)
    os.close(ours)
    os.close(theirs)


@pytest.fixture
def door(tmp_path: Path, props: Props, reader: tuple[int, str], wire: Wire) -> Iterator[World]:
    key = tmp_path / "panel.key"
    key.write_text(KEY.hex(), encoding="utf-8")
    key.chmod(0o600)
    with world(tmp_path, props) as made:
        made.configure(
            claims={"sources": ["serial"], "serial": {"port": reader[1], "protocol": "line"}},
            osdp_reader={
                "enabled": True,
                "port": wire.ports[0],
                "baud": 115200,
                "key_file": "panel.key",
                "answer_seconds": 15.0,
                "card": {"bits": 37},
            },
            web={"enabled": True},
        )
        yield made


def _screen(door: World) -> dict[str, Json]:
    return dict(page_socket(DOOR, door.state, {}).ask("screen"))


def _panel(door: World) -> dict[str, Json]:
    found = door.status().get("panel")
    assert isinstance(found, dict)
    return found


@dataclass
class Visit:
    """People touch the reader, and the panel denies whoever it hears of."""

    door: World
    reader: int
    wire: Wire
    cards: list[tuple[int, int, bytes]] = field(default_factory=list)

    def touch(self, card: str) -> Reason:
        before = len(recent(self.door.journal, limit=100))
        time.sleep(SAME_CARD_SECONDS + 0.1)  # sooner, it is the card that lies there
        os.write(self.reader, f"\n{card}\n".encode())
        until(lambda: len(recent(self.door.journal, limit=100)) > before, "a decision", 20)
        return recent(self.door.journal, limit=1)[0].reason

    def is_denied_by_the_panel(self) -> bool:
        """Return whether all of it went well; a machine that is too slow for OSDP tries again."""
        with RealPanel(self.wire.ports[1]) as panel:
            try:
                return self._is_denied_by(panel)
            finally:
                self.cards += panel.cards

    def _is_denied_by(self, panel: RealPanel) -> bool:
        if not happens(lambda: _panel(self.door)["state"] == "there", 20):
            return False
        if self.touch(OWNER_CARD) is not Reason.MATCH:
            return False
        assert _screen(self.door)["moment"] != "granted", "the panel has said nothing"
        if not happens(lambda: bool(panel.cards), 5):
            return False
        panel.light(osdp.CommandLEDColor.Red, tenths=200)
        return happens(lambda: _screen(self.door)["moment"] == "denied", 10) and (
            _screen(self.door)["light"] == "red"
        )


def happens(condition: Callable[[], bool], seconds: float) -> bool:
    """Return whether it comes about within so long."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def _panels_acts(door: World) -> set[str]:
    return {act.act for act in acts(door.journal) if act.by_user == "panel"}


@pytest.mark.slow
@pytest.mark.timeout(480)
def test_the_panel_hears_of_the_owner_alone_and_has_the_last_word(
    door: World, reader: tuple[int, str], wire: Wire
) -> None:
    door.start()
    visit = Visit(door, reader[0], wire)
    assert visit.touch(UNKNOWN_CARD) is Reason.UNKNOWN_REFERENCE
    assert _panel(door)["not_told"] == 0
    until(visit.is_denied_by_the_panel, "the owner, verified and then denied by the panel", 40)
    until(lambda: "panel denied" in _panels_acts(door), "the panel's word in the journal", 20)
    assert "panel granted" not in _panels_acts(door)
    granted = [row for row in recent(door.journal) if row.outcome is Outcome.GRANT]
    assert set(visit.cards) == {(osdp.CardFormat.Wiegand, 37, card_bits(OWNER_CARD, CARD).data)}
    assert len(visit.cards) <= len(granted)
    assert door.stop() == 0
