"""Relay, exit button and door contact on GPIO lines, on the strict stand-in for a chip."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import gpiod
import pytest

from edgeverify.lock.inputs import InputRead, InputWatch
from edgeverify.lock.relay.gpio import GpioOutput
from edgeverify.lock.relay.output import RelayError
from edgeverify.lock.settings import GpioInput, GpioRelay
from tests.gpio_lines import Chip
from tests.waiting import until


@pytest.fixture
def chip(monkeypatch: pytest.MonkeyPatch) -> Chip:
    made = Chip()
    monkeypatch.setattr(gpiod, "request_lines", made.request_lines)
    return made


def test_the_stand_in_has_no_name_that_the_package_lacks() -> None:
    for name in ("set_value", "get_value", "wait_edge_events", "read_edge_events", "release"):
        assert callable(getattr(gpiod.LineRequest, name))
    assert {"event_type", "line_offset"} <= set(gpiod.EdgeEvent.__annotations__)


@pytest.mark.parametrize(
    ("active", "rests_energised", "levels"),
    [
        ("high", False, [False, True, False]),
        ("low", False, [True, False, True]),
        ("high", True, [True, False, True]),
        ("low", True, [False, True, False]),
    ],
    ids=["strike", "strike on a low board", "magnet", "magnet on a low board"],
)
def test_the_line_is_at_rest_from_the_moment_it_is_taken(
    chip: Chip, active: str, *, rests_energised: bool, levels: list[bool]
) -> None:
    settings = GpioRelay.model_validate({"kind": "gpio", "line": 17, "active": active})
    output = GpioOutput(settings, is_energised_at_rest=rests_energised)
    output.put(released=True, energised=not rests_energised)
    output.put(released=False, energised=rests_energised)
    output.close()
    assert [high for _, high in chip.history] == levels
    assert not chip.taken


def test_a_line_that_somebody_holds_is_named(chip: Chip) -> None:
    settings = GpioRelay(kind="gpio", line=17)
    first = GpioOutput(settings, is_energised_at_rest=False)
    with pytest.raises(RelayError, match=r"Line 17 of /dev/gpiochip0 cannot be taken.*busy"):
        GpioOutput(settings, is_energised_at_rest=False)
    chip.unplug()
    with pytest.raises(RelayError, match="cannot be written"):
        first.put(released=True, energised=True)


@contextmanager
def _watched(chip: Chip, settings: GpioInput) -> Iterator[list[InputRead]]:
    seen: list[InputRead] = []
    watch = InputWatch("exit_button", settings, chip.module, seen.append)  # type: ignore[arg-type]
    watch.start()
    try:
        yield seen
    finally:
        watch.stop()


@pytest.mark.parametrize("active", ["low", "high"])
def test_a_button_is_pressed_and_let_go(chip: Chip, active: str) -> None:
    settings = GpioInput.model_validate({"line": 4, "active": active})
    pressed = active == "high"
    chip.levels[4] = not pressed
    with _watched(chip, settings) as seen:
        until(lambda: len(seen) == 1, "the first level")
        chip.press(4, high=pressed)
        until(lambda: len(seen) == 2, "the press")
        chip.press(4, high=not pressed)
        until(lambda: len(seen) == 3, "the end of the press")
    assert [read.is_active for read in seen] == [False, True, False]


def test_an_edge_that_was_lost_is_made_good_for(chip: Chip) -> None:
    with _watched(chip, GpioInput(line=4)) as seen:
        until(lambda: len(seen) == 1, "the first level")
        chip.levels[4] = False
        until(lambda: len(seen) == 2, "the next look at the level")
    assert [read.is_active for read in seen] == [False, True]


def test_a_chip_that_vanishes_is_named_and_comes_back_alone(chip: Chip) -> None:
    with _watched(chip, GpioInput(line=4)) as seen:
        until(lambda: len(seen) == 1, "the first level")
        chip.taken.clear()
        chip.unplug()
        until(lambda: seen[-1].problem, "the fault")
        assert seen[-1].is_active is None
        chip.is_there = True
        chip.taken.clear()
        until(lambda: not seen[-1].problem, "the chip's return")
    assert seen[-1].is_active is False
