"""The light, the buzzer and the text that a panel makes of its reader, by libosdp's own numbers."""

from __future__ import annotations

import math

import osdp
import pytest

from edgeverify.panel import BuzzerCommand, Indicators, LedCommand, Shown, TextCommand
from edgeverify.panel.commands import BUZZER, COLORS, LED, TEXT, read_command

GREEN, RED, DARK = 2, 1, 0


def _led(on: int = GREEN, *, control: int = 2, brief: bool = True, **more: int) -> LedCommand:
    raw: dict[str, object] = {
        "command": LED,
        "temporary": brief,
        "control_code": control,
        "on_color": on,
        "off_color": DARK,
        "on_count": 1,
        "off_count": 1,
        **({"timer_count": 20} if brief else {}),
        **more,
    }
    command = read_command(raw)
    assert isinstance(command, LedCommand)
    return command


def test_the_numbers_are_the_librarys() -> None:
    assert (osdp.Command.LED, osdp.Command.Buzzer, osdp.Command.Text) == (LED, BUZZER, TEXT)
    names = osdp.CommandLEDColor
    assert COLORS[names.Red], COLORS[names.Green] == ("red", "green")
    assert [COLORS[getattr(names, name.capitalize() or "Black")] for name in COLORS] == [*COLORS]


def test_a_brief_light_gives_way_to_the_lasting_one() -> None:
    lights = Indicators()
    lights.obey(_led(RED, control=1, brief=False), 0.0)
    lights.obey(_led(GREEN), 1.0)
    assert [lights.shown(at).light for at in (1.0, 2.9, 3.0)] == ["green", "green", "red"]
    lights.obey(_led(GREEN, timer_count=0), 4.0)
    assert lights.shown(1e6).light == "green"
    lights.obey(_led(control=1), 1e6)
    assert lights.shown(1e6).light == "red"


def test_a_blinking_light_has_the_colour_that_is_seen() -> None:
    assert _led(DARK, off_color=RED).color == "red"
    assert _led(GREEN, off_color=RED).color == "green"
    assert _led(GREEN, off_color=RED, on_count=0).color == "red"
    assert _led(99).color == ""


@pytest.mark.parametrize("brief", [True, False])
def test_a_light_command_that_does_nothing_is_none(*, brief: bool) -> None:
    raw = {"command": LED, "temporary": brief, "control_code": 0, "on_color": GREEN}
    assert read_command(raw) is None


def test_a_buzzer_sounds_for_as_long_as_it_was_told() -> None:
    raw: dict[str, object] = {"command": BUZZER, "control_code": 2, "on_count": 2, "off_count": 1}
    lights = Indicators()
    told = read_command(raw | {"rep_count": 3})
    assert told == BuzzerCommand(0.9)
    lights.obey(BuzzerCommand(0.9), 5.0)
    assert [lights.shown(at).is_sounding for at in (5.0, 5.8, 5.9)] == [True, True, False]
    assert read_command(raw | {"rep_count": 0}) == BuzzerCommand(math.inf)
    assert read_command(raw | {"control_code": 1}) == BuzzerCommand(0.0)


def test_texts_have_rows_and_a_brief_one_hides_the_lasting_one() -> None:
    lights = Indicators()
    lights.obey(TextCommand("WELCOME TO", 0, 0, None), 0.0)
    lights.obey(TextCommand("ACME", 1, 0, None), 0.0)
    assert lights.shown(0.0) == Shown(text="WELCOME TO ACME")
    lights.obey(TextCommand("ACCESS", 0, 0, 2.0), 1.0)
    lights.obey(TextCommand("DENIED", 0, 7, 2.0), 1.0)
    assert [lights.shown(at).text for at in (2.9, 3.0)] == ["ACCESS DENIED", "WELCOME TO ACME"]
    lights.obey(TextCommand("AGAIN", 0, 0, 2.0), 9.0)
    assert lights.shown(9.0).text == "AGAIN"
    for row in range(255):
        lights.obey(TextCommand("x" * 32, row, 254, None), 10.0)
    assert len(lights.shown(20.0).text) < 200


def test_a_text_cannot_carry_signs_that_are_not_printed() -> None:
    raw = {"command": TEXT, "control_code": 3, "temp_time": 5, "offset_row": 1, "offset_col": 1}
    assert read_command(raw | {"data": "A\x1b[2J\nB  "}) == TextCommand("A [2J B", 0, 0, 5.0)
    assert read_command({"command": osdp.Command.Output}) is None
