"""The doctor takes the lines of LEDs and buzzer for a moment, and says who has them."""

from __future__ import annotations

from pathlib import Path

import gpiod
import pytest

from edgeverify.daemon.doctor.surroundings import look_at_signals
from tests.daemon.doctor.test_doctor import config, faults
from tests.gpio_lines import Chip

LAMPS = "signals: {green: {line: 17}, buzzer: {line: 22}}\n"


def test_lines_are_given_back_and_named_where_they_cannot_be_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chip = Chip()
    monkeypatch.setattr(gpiod, "request_lines", chip.request_lines)
    loaded = config(tmp_path, LAMPS)
    (well,) = look_at_signals(loaded, is_running=False)
    assert well.is_well
    assert well.seen == "green on line 17, buzzer on line 22 of /dev/gpiochip0"
    assert chip.taken == {}
    chip.unplug()
    found = faults(look_at_signals(loaded, is_running=False))
    assert "Line 17 of /dev/gpiochip0 cannot be taken" in found["signals_unavailable"].seen


def test_beside_a_running_daemon_they_are_left_to_it(tmp_path: Path) -> None:
    (found,) = look_at_signals(config(tmp_path, LAMPS), is_running=True)
    assert (found.is_well, found.seen) == (
        True,
        "green on line 17, buzzer on line 22: held by the running daemon",
    )


def test_a_door_without_any_hears_nothing_of_them(tmp_path: Path) -> None:
    assert list(look_at_signals(config(tmp_path), is_running=False)) == []
