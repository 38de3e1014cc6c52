"""LEDs and buzzer on the strict stand-in for a GPIO chip; there was no hardware."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import gpiod
import pytest

from edgeverify.domain import Signal
from edgeverify.settings import SignalSettings
from edgeverify.signals import player as playing
from edgeverify.signals.lines import LinesGoneError, held_lines
from edgeverify.signals.player import SignalPlayer
from tests.gpio_lines import Chip, Request
from tests.waiting import patience, until

GREEN, RED, BUZZER = 17, 27, 22


@pytest.fixture
def chip(monkeypatch: pytest.MonkeyPatch) -> Chip:
    made = Chip()
    monkeypatch.setattr(gpiod, "request_lines", made.request_lines)
    return made


@dataclass
class Clock:
    seconds: float = 100.0

    def __call__(self) -> float:
        return self.seconds


@dataclass
class Panel:
    """A player beside a clock that only the test moves."""

    chip: Chip
    clock: Clock = field(default_factory=Clock)
    away: list[str] = field(default_factory=list)
    is_shut: bool = False

    def __post_init__(self) -> None:
        rhythms = {"prompt": [0.1, 0.1, 0.1], "grant": [2.0], "deny": [0.3, 0.2, 0.3]}
        settings = SignalSettings.model_validate(
            {
                "green": {"line": GREEN, **rhythms, "deny": []},
                "red": {"line": RED, **rhythms, "grant": [], "fault": [0.4]},
                "buzzer": {"line": BUZZER, "active": "low", **rhythms},
            }
        )
        self.player = SignalPlayer(
            settings,
            health=self.away.append,
            is_shut=lambda: self.is_shut,
            monotonic=self.clock,
        )

    def shows(self, *lines: int) -> None:
        """Wait until these are on, and no other."""
        on = {GREEN: True, RED: True, BUZZER: False}
        wanted = {line: high if line in lines else not high for line, high in on.items()}
        until(lambda: self.chip.levels == wanted, f"{lines} alone to be on")

    def later(self, seconds: float) -> None:
        self.clock.seconds += seconds


@pytest.fixture
def panel(chip: Chip) -> Iterator[Panel]:
    made = Panel(chip)
    made.player.start()
    until(lambda: len(chip.taken) == 3, "the lines to be taken")
    yield made
    made.player.stop()
    assert not made.player._thread.is_alive()


def test_everything_is_off_until_something_happens(panel: Panel) -> None:
    panel.shows()
    assert panel.away == [""]


def test_asked_then_let_in_then_dark_again(panel: Panel) -> None:
    panel.player.show(Signal.PROMPT)
    panel.shows(GREEN, RED, BUZZER)
    panel.later(0.15)
    panel.shows()
    panel.later(0.1)
    panel.shows(GREEN, RED, BUZZER)
    panel.player.show(Signal.GRANT)
    panel.shows(GREEN, BUZZER)
    panel.later(1.9)
    panel.shows(GREEN, BUZZER)
    panel.later(0.2)
    panel.shows()


def test_a_new_signal_cuts_the_one_that_is_played(panel: Panel) -> None:
    panel.player.show(Signal.GRANT)
    panel.shows(GREEN, BUZZER)
    panel.later(0.5)
    panel.player.show(Signal.DENY)
    panel.shows(RED, BUZZER)
    panel.later(0.9)
    panel.shows()  # and the grant does not come back


def test_a_door_that_is_shut_says_so_again_and_again_between_visits(panel: Panel) -> None:
    panel.is_shut = True
    panel.player.show(Signal.DENY)
    panel.shows(RED, BUZZER)
    panel.later(1.0)
    panel.shows(RED)
    panel.later(0.5)
    panel.shows()
    panel.later(10.0)
    panel.shows(RED)
    panel.is_shut = False
    panel.later(11.0)
    panel.shows()


def test_it_goes_off_at_the_end_whatever_was_played(chip: Chip) -> None:
    panel = Panel(chip)
    panel.player.start()
    panel.player.show(Signal.GRANT)
    panel.shows(GREEN, BUZZER)
    panel.player.stop()
    assert chip.levels == {GREEN: False, RED: False, BUZZER: True}
    assert chip.taken == {}


def test_a_chip_that_vanishes_in_a_quiet_hour_is_named_and_comes_back_dark(panel: Panel) -> None:
    panel.chip.unplug()
    until(lambda: "has gone" in panel.away[-1] or "cannot be taken" in panel.away[-1], "the fault")
    panel.player.show(Signal.GRANT)  # nobody sees it, and nobody waits for it
    panel.later(5.0)
    panel.chip.taken.clear()
    panel.chip.is_there = True
    until(lambda: panel.away[-1] == "", "its return")
    panel.shows()
    panel.player.show(Signal.GRANT)
    panel.shows(GREEN, BUZZER)


def test_a_line_that_somebody_else_holds_is_named_and_the_others_are_let_go(chip: Chip) -> None:
    other = chip.request_lines(chip.path, consumer="other", config={RED: gpiod.LineSettings()})
    panel = Panel(chip)
    panel.player.start()
    until(lambda: panel.away, "the fault")
    assert panel.away[-1] == (
        "Line 27 of /dev/gpiochip0 cannot be taken: [Errno 16] Device or resource busy. "
        "`gpioinfo` shows who holds it."
    )
    until(lambda: set(chip.taken) == {RED}, "green to be given back")
    other.release()
    until(lambda: panel.away[-1] == "", "all lines to be held")
    panel.player.stop()


def test_a_driver_that_hangs_holds_up_nobody(panel: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    hangs, goes_on = threading.Event(), threading.Event()
    write = Request.set_value

    def hanging(request: Request, line: int, value: gpiod.line.Value) -> None:
        hangs.set()
        assert goes_on.wait(patience(10))
        write(request, line, value)

    monkeypatch.setattr(Request, "set_value", hanging)
    monkeypatch.setattr(playing, "STOP_PATIENCE_SECONDS", 0.05)
    panel.player.show(Signal.GRANT)
    assert hangs.wait(patience(10))
    for _ in range(1000):
        panel.player.show(Signal.DENY)  # returns, or this test never ends
    panel.player.stop()
    assert panel.player._thread.is_alive()
    goes_on.set()
    panel.player._thread.join(patience(10))


def test_whatever_stumbles_is_named_and_tried_again(
    chip: Chip, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumbling(*_: object, **__: object) -> None:
        raise RuntimeError("a bug")

    panel = Panel(chip)
    with monkeypatch.context() as broken:
        broken.setattr(gpiod, "request_lines", stumbling)
        panel.player.start()
        until(lambda: panel.away == ["It failed; the log has the traceback."], "the fault")
        broken.setattr(gpiod, "request_lines", chip.request_lines)
        until(lambda: panel.away[-1] == "", "another try")
    panel.player.stop()


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "gpiod", None)
    settings = SignalSettings.model_validate({"green": {"line": 1}})
    with pytest.raises(LinesGoneError, match=r"\[signals\]"), held_lines(settings):
        pytest.fail("nothing to hold")
