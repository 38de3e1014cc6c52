"""LEDs and buzzer as a part of the daemon: what is shown for which decision, and the fault."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import gpiod
import pytest

from edgeverify.claims import SOURCES
from edgeverify.config import load_config
from edgeverify.daemon.faults import FaultBoard
from edgeverify.daemon.fitness import problems_of
from edgeverify.daemon.page.screen import NOT_SHOWN
from edgeverify.daemon.signalling import Signalling
from edgeverify.domain import FaultName, Outcome, Reason, Signal
from edgeverify.settings import SignalSettings
from tests.daemon.page.test_screen import Before
from tests.gpio_lines import Chip
from tests.waiting import until

LAMPS = SignalSettings.model_validate({"green": {"line": 17}, "red": {"line": 27}})


@pytest.fixture
def chip(monkeypatch: pytest.MonkeyPatch) -> Chip:
    made = Chip()
    monkeypatch.setattr(gpiod, "request_lines", made.request_lines)
    return made


@pytest.fixture
def signalling(chip: Chip) -> Iterator[Signalling]:
    made = Signalling(LAMPS, FaultBoard())
    made.start()
    until(lambda: len(chip.taken) == 2, "the lines to be taken")
    yield made
    made.stop()


def test_every_denial_looks_the_same() -> None:
    """Whoever tries a stranger's card or a photo sees no more than that it did not work."""
    reasons = set(Reason) - NOT_SHOWN - {Reason.MATCH}
    assert len(reasons) > 15
    for reason in reasons:
        at = Before()
        at.decided(Outcome.DENY, reason)
        assert at.signals == [Signal.DENY]


def test_a_grant_that_no_lock_heard_is_shown_as_none() -> None:
    at = Before()
    at.decided(Outcome.GRANT, Reason.MATCH)
    assert at.signals == [Signal.GRANT]
    at.announcing.is_heard = False
    at.decided(Outcome.GRANT, Reason.MATCH)
    assert at.signals == [Signal.GRANT, Signal.DENY]


def test_a_claim_that_another_has_replaced_shows_nothing() -> None:
    at = Before()
    at.decided(Outcome.DENY, Reason.SUPERSEDED)
    assert at.signals == []


def test_without_a_line_there_is_no_thread_and_no_fault(chip: Chip) -> None:
    faults = FaultBoard()
    none = Signalling(SignalSettings(), faults)
    none.start()
    none.show(Signal.GRANT)
    none.stop()
    assert chip.history == []
    assert faults.snapshot() == ()


def test_a_reload_moves_to_other_lines_and_lets_the_old_ones_go(
    chip: Chip, signalling: Signalling
) -> None:
    signalling.use(LAMPS)
    assert set(chip.taken) == {17, 27}
    signalling.use(SignalSettings.model_validate({"green": {"line": 5}}))
    until(lambda: set(chip.taken) == {5}, "the new line")
    signalling.show(Signal.GRANT)
    until(lambda: chip.levels[5], "green on its new line")
    signalling.use(SignalSettings())
    assert chip.taken == {}
    assert not any(chip.levels.values())


def test_the_fault_comes_and_goes_with_the_chip_and_lets_everybody_in(chip: Chip) -> None:
    faults = FaultBoard()
    made = Signalling(LAMPS, faults)
    chip.is_there = False
    made.start()
    until(lambda: FaultName.SIGNALS_UNAVAILABLE in faults, "the fault")
    assert not FaultName.SIGNALS_UNAVAILABLE.keeps_everybody_out
    chip.is_there = True
    until(lambda: FaultName.SIGNALS_UNAVAILABLE not in faults, "the chip to be taken")
    made.stop()


def test_a_door_without_a_camera_flashes_red_by_itself(chip: Chip) -> None:
    faults = FaultBoard()
    made = Signalling(LAMPS, faults)
    made.start()
    faults.raise_fault(FaultName.CAMERA_MOVED)
    until(lambda: len(chip.taken) == 2, "the lines to be taken")
    # People are let in all the same; by the second, as the config allows an unset clock.
    faults.state(FaultName.CLOCK_UNSYNCED, "not set", present=True, is_allowed=True)
    (moved, clock) = faults.snapshot()
    assert (moved.keeps_everybody_out, clock.keeps_everybody_out) == (False, False)
    assert clock.grants == "yes, as the config allows"
    assert (27, True) not in chip.history
    faults.raise_fault(FaultName.CAMERA_OFFLINE)
    until(lambda: (27, True) in chip.history, "the red flash")
    made.stop()


def test_a_line_of_the_wiegand_reader_is_refused_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "door.yaml"
    file.write_text("claims: {sources: [wiegand]}\nsignals:\n  red: {line: 23}\n", encoding="utf-8")
    (problem,) = problems_of(load_config(file), {}, SOURCES)
    assert str(problem) == (
        f"{file}:2: signals: line 23 of /dev/gpiochip0 is the Wiegand reader's. "
        "Give red another line."
    )
    file.write_text("signals:\n  red: {line: 23}\n", encoding="utf-8")
    assert problems_of(load_config(file), {}, SOURCES) == ()
