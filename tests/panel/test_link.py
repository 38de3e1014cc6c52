"""This door as a reader of libosdp's own control panel, over a pair of ptys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import osdp
import pytest

from edgeverify.daemon.panel_answers import Answer
from edgeverify.domain import FaultName, Outcome
from edgeverify.panel import Shown, card_bits
from edgeverify.panel.link import NAMED_SECONDS, TAKEN_SECONDS
from edgeverify.settings import PanelCardSettings
from tests.osdp_bus import KEY, Wire
from tests.panel.stage import CARD, RealPanel, Stage, stage
from tests.waiting import until

BITS = card_bits(CARD, PanelCardSettings())
NEXT_AS_SENT = (osdp.CardFormat.Wiegand, 26, card_bits("7", PanelCardSettings()).data)
AS_SENT = (osdp.CardFormat.Wiegand, 26, BITS.data)
GREEN, RED = osdp.CommandLEDColor.Green, osdp.CommandLEDColor.Red


@pytest.fixture
def wire() -> Iterator[Wire]:
    made = Wire()
    yield made
    made.close()


def test_the_panel_gets_the_bits_of_a_granted_card_once(tmp_path: Path, wire: Wire) -> None:
    with stage(tmp_path, wire) as door, RealPanel(wire.ports[1]) as panel:
        door.wait()
        until(lambda: panel.is_secure, "the secure channel", 20)
        assert not door.decide(Outcome.DENY)
        assert door.answer is None
        door.grant_until_told(panel)
        door.grant_until_told(panel)
    assert set(panel.cards) == {AS_SENT}
    assert door.problem == ""


def test_a_card_without_a_format_goes_out_raw(tmp_path: Path, wire: Wire) -> None:
    card = {"format": "raw", "bits": 32, "written": "hex"}
    with stage(tmp_path, wire, card=card) as door, RealPanel(wire.ports[1]) as panel:
        door.wait()
        door.grant_until_told(panel, "04A1B2C3")
    assert set(panel.cards) == {(osdp.CardFormat.Unspecified, 32, bytes.fromhex("04A1B2C3"))}


@pytest.mark.parametrize(
    ("key", "is_secure"), [(bytes(reversed(KEY)), True), (None, False)], ids=["other key", "none"]
)
def test_a_panel_without_the_right_key_hears_nothing_and_is_named(
    key: bytes | None, tmp_path: Path, wire: Wire, *, is_secure: bool
) -> None:
    with (
        stage(tmp_path, wire) as door,
        RealPanel(wire.ports[1], key, is_secure=is_secure) as panel,
    ):
        link = door.panel.link

        def is_named() -> bool:
            door.now += 1.0
            return "does not open the secure channel" in link.health.problem

        until(is_named, "the fault", 20)
        assert not door.decide()
        assert door.answer is Answer.NOT_TOLD
        assert "address 0" in door.problem
        assert FaultName.PANEL_UNAVAILABLE in door.faults
    assert panel.cards == []


def test_a_panel_without_secure_channel_has_to_be_accepted(tmp_path: Path, wire: Wire) -> None:
    with (
        stage(tmp_path, wire, key_file="", accept_no_secure_channel=True) as door,
        RealPanel(wire.ports[1], None, is_secure=False) as panel,
    ):
        door.wait()
        door.grant_until_told(panel)
        assert door.problem
        assert FaultName.PANEL_WITHOUT_SECURE_CHANNEL in door.faults
    assert set(panel.cards) == {AS_SENT}


def _cut(door: Stage, wire: Wire) -> None:
    wire.is_cut = True

    def is_missed() -> bool:
        door.now += 0.2
        return not door.panel.link.health.is_there

    until(is_missed, "the panel to be missed", 20)


def test_a_grant_while_the_panel_is_away_is_never_reported_later(
    tmp_path: Path, wire: Wire
) -> None:
    with stage(tmp_path, wire) as door:
        with RealPanel(wire.ports[1]):
            door.wait()
            _cut(door, wire)
        door.now += NAMED_SECONDS
        until(lambda: "No panel is heard" in door.problem, "the fault", 20)
        assert not door.decide()
        assert door.answer is Answer.NOT_TOLD
        wire.is_cut = False
        with RealPanel(wire.ports[1]) as panel:
            door.wait()
            assert door.problem == ""
            assert panel.cards == []
            door.grant_until_told(panel, "7")
            assert set(panel.cards) == {NEXT_AS_SENT}


def test_a_card_that_was_under_way_when_the_wire_broke_is_withdrawn(
    tmp_path: Path, wire: Wire
) -> None:
    """libosdp itself would hand it over when the panel is back, however late."""
    with stage(tmp_path, wire) as door:
        with RealPanel(wire.ports[1]):
            door.wait()
            wire.cut()
            until(lambda: wire.is_silent(0), "the last question to be answered")
            assert door.decide()  # nobody can know yet
            waiting = door.panel.link._waiting  # type: ignore[attr-defined]
            until(waiting.empty, "libosdp to have the card")
        assert door.answer is Answer.WAITING
        door.now += TAKEN_SECONDS
        until(lambda: door.answer is Answer.NOT_TOLD, "the card to be withdrawn")
        wire.is_cut = False
        with RealPanel(wire.ports[1]) as panel:
            door.wait()
            door.grant_until_told(panel, "7")
            assert set(panel.cards) == {NEXT_AS_SENT}


def test_lost_bytes_cost_time_and_no_card_is_misread(tmp_path: Path, wire: Wire) -> None:
    with stage(tmp_path, wire) as door, RealPanel(wire.ports[1]) as panel:
        door.wait()
        wire.lose(5)
        door.decide()
        until(lambda: wire.lost == 5, "the bytes to be lost", 20)

        def is_told() -> bool:
            door.now += 0.1
            if door.answer is not Answer.WAITING and door.panel.link.health.is_there:
                door.decide()
            return bool(panel.cards)

        until(is_told, "the card", 60)
    assert set(panel.cards) == {AS_SENT}


def test_what_the_panel_answers_is_seen(tmp_path: Path, wire: Wire) -> None:
    with stage(tmp_path, wire) as door, RealPanel(wire.ports[1]) as panel:
        door.wait()
        panel.light(RED, tenths=None)
        until(lambda: door.panel.view().shown.light == "red", "the light at rest")
        for color, answer in ((GREEN, Answer.GRANTED), (RED, Answer.DENIED)):
            door.grant_until_told(panel)
            panel.light(RED, tenths=None)  # as it was: no answer
            panel.sound()
            panel.write("ASK THE GUARD")
            until(lambda: door.panel.view().text == "ASK THE GUARD", "the text")
            assert door.panel.view().shown.is_sounding
            assert door.answer not in {Answer.GRANTED, Answer.DENIED}
            panel.light(color, tenths=20)
            until(lambda: door.answer is answer, "the answer")  # noqa: B023 - used at once
            door.now += 30.0
            assert door.answer is None
            assert door.panel.view().shown == Shown(light="red")
    door.panel.look()
    said = [act for act, _ in door.written.acts]
    assert said[-1] == "panel denied"
    assert "panel granted" in said


def test_a_panel_cannot_change_key_speed_or_address(tmp_path: Path, wire: Wire) -> None:
    with stage(tmp_path, wire) as door, RealPanel(wire.ports[1]) as panel:
        door.wait()
        panel.tell({"command": osdp.Command.Keyset, "type": 1, "data": bytes(16)})
        until(lambda: panel.results, "the answer to it", 20)
        assert osdp.CompletionStatus.Ok not in panel.results
    with stage(tmp_path, wire) as door, RealPanel(wire.ports[1]) as panel:
        door.wait()
        door.grant_until_told(panel)


def test_a_port_that_is_missing_is_named_and_comes_by_itself(tmp_path: Path, wire: Wire) -> None:
    name = tmp_path / "ttyPanel"
    with stage(tmp_path, wire, port=str(name)) as door:
        until(lambda: "cannot be opened" in door.problem, "the fault", 20)
        assert not door.decide()
        name.symlink_to(wire.ports[0])
        with RealPanel(wire.ports[1]) as panel:
            door.wait()
            assert door.problem == ""
            door.grant_until_told(panel)
            assert set(panel.cards) == {AS_SENT}


def test_a_key_that_others_can_read_is_named(tmp_path: Path, wire: Wire) -> None:
    with stage(tmp_path, wire) as door:
        door.panel.stop(5.0)
        (tmp_path / "panel.key").chmod(0o644)
        other = Stage(wire, door.settings, tmp_path)
        other.panel.start()
        until(lambda: "readable by others" in other.problem, "the fault", 20)
        other.panel.stop(5.0)
