"""A Wiegand reader: pulses on two lines of the strict stand-in for a GPIO chip."""

from __future__ import annotations

import gpiod
import pytest

from edgeverify.claims.wiegand import KIND
from tests.claims.readers import Desk, reading
from tests.claims.test_card_number import frame
from tests.gpio_lines import Chip
from tests.waiting import until

MILLISECOND = 1_000_000
D0, D1 = 23, 24


@pytest.fixture
def chip(monkeypatch: pytest.MonkeyPatch) -> Chip:
    made = Chip()
    monkeypatch.setattr(gpiod, "request_lines", made.request_lines)
    return made


class _Reader:
    """Sends frames with 1.5 ms between bits, after a pause of a tenth of a second."""

    def __init__(self, chip: Chip) -> None:
        self._chip = chip
        self._at = 10**12

    def send(self, bits: list[int], *, lost: int | None = None) -> None:
        self._at += 100 * MILLISECOND
        for number, bit in enumerate(bits):
            self._at += 3 * MILLISECOND // 2
            self._chip.pulse(D1 if bit else D0, self._at, is_lost=number == lost)


def _ready(desk: Desk, chip: Chip) -> _Reader:
    until(lambda: desk.away == "" and D0 in chip.taken, "both lines to be taken")
    return _Reader(chip)


@pytest.mark.parametrize("length", [26, 34, 37])
def test_a_card_of_each_format(length: int, chip: Chip) -> None:
    settings = {"bits": length, "number": {"written": "facility"}}
    with reading(KIND, {"wiegand": settings}) as desk:
        reader = _ready(desk, chip)
        reader.send(frame((18 << 16) + 54919, length))
        until(lambda: desk.cards == ["18.54919"], "the card")
        reader.send(frame((18 << 16) + 54920, length))
        until(lambda: len(desk.cards) == 2, "the next card")
    assert desk.refused == []


def test_frames_that_follow_each_other_closely_are_kept_apart(chip: Chip) -> None:
    with reading(KIND, {"wiegand": {}}) as desk:
        reader = _ready(desk, chip)
        reader.send(frame(7, 26))
        reader.send(frame(8, 26))
        until(lambda: desk.cards == ["7", "8"], "both cards")


def test_a_frame_with_a_flipped_a_missing_or_a_lost_bit_is_no_card(chip: Chip) -> None:
    with reading(KIND, {"wiegand": {}}) as desk:
        reader = _ready(desk, chip)
        bits = frame(7, 26)
        reader.send([*bits[:5], 1 - bits[5], *bits[6:]])
        until(lambda: len(desk.refused) == 1, "the parity")
        reader.send(bits[:25])
        until(lambda: len(desk.refused) == 2, "the length")
        reader.send([*bits[:9], 0, *bits[9:]], lost=9)
        until(lambda: len(desk.refused) == 3, "the pulse that the kernel lost")
        reader.send(bits)
        until(lambda: desk.cards == ["7"], "the whole card")
    assert desk.cards == ["7"]


def test_a_chip_that_vanishes_is_named_and_comes_back_alone(chip: Chip) -> None:
    with reading(KIND, {"wiegand": {}}) as desk:
        _ready(desk, chip)
        chip.unplug()
        until(lambda: "has gone" in desk.away or "cannot be taken" in desk.away, "the fault")
        chip.taken.clear()
        chip.is_there = True
        until(lambda: desk.away == "", "its return", 20)
        _ready(desk, chip).send(frame(9, 26))
        until(lambda: desk.cards == ["9"], "the card")
