"""A keyboard reader: recorded bytes of an input device, on a strict stand-in for python-evdev.

There is no input device on a machine that runs tests, and none can be made without the kernel's
uinput. The stand-in reads `struct input_event` from a pipe, as the package does from the device.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import struct
from collections.abc import Iterable, Iterator
from types import ModuleType, SimpleNamespace

import pytest

from edgeverify.claims.card_number import TornReadError
from edgeverify.claims.keyboard import KIND, Typing
from tests.absent import absent
from tests.claims.readers import reading
from tests.waiting import until

EVENT = struct.Struct("llHHi")
"""struct input_event on 64-bit Linux: seconds, microseconds, type, code, value."""
DEVICE = "/dev/input/by-id/usb-Sycreader_RFID-event-kbd"
OTHERS = {"A": 30, "F": 33, "\n": 28, "\t": 15, " ": 57, ";": 39, "/": 53, "\x1b": 1}
LOCKS = {"shift": 42, "caps": 58}
CODES = dict(zip("1234567890", range(2, 12), strict=True)) | OTHERS | LOCKS


class Evdev(ModuleType):
    """`InputDevice` and nothing else; it is grabbed before it is read, and by one alone."""

    def __init__(self) -> None:
        super().__init__("evdev")
        self.is_there = True
        self.is_held = False
        self.InputDevice = self._open
        self._reader, self._writer = os.pipe()
        self._at = 1000.0

    def _open(self, path: str) -> SimpleNamespace:
        if path != DEVICE or not self.is_there:
            raise FileNotFoundError(2, "No such file or directory", path)
        device = SimpleNamespace(fd=self._reader, is_grabbed=False)

        def grab() -> None:
            if self.is_held:
                raise OSError(16, "Device or resource busy")
            device.is_grabbed = True

        def read() -> Iterator[SimpleNamespace]:
            assert device.is_grabbed, "others would hear the number"
            if not self.is_there:
                raise OSError(19, "No such device")
            data = os.read(self._reader, EVENT.size * 256)
            for seconds, micros, kind, code, value in EVENT.iter_unpack(data):
                at = seconds + micros / 1e6
                yield SimpleNamespace(type=kind, code=code, value=value, timestamp=lambda at=at: at)

        device.grab, device.read, device.close = grab, read, lambda: None
        return device

    def types(self, text: Iterable[str], *, pause: float = 0.0) -> None:
        """Write what the device gives: press, release and the end of a report for each key."""
        self._at += pause
        for character in text:
            self._at += 0.01
            whole, micros = divmod(round(self._at * 1e6), 10**6)
            for kind, code, value in (
                (4, 4, 458782),
                (1, CODES[character], 1),
                (0, 0, 0),
                (1, CODES[character], 0),
                (0, 0, 0),
            ):
                os.write(self._writer, EVENT.pack(whole, micros, kind, code, value))

    def loses(self) -> None:
        """Say that the kernel's buffer was full."""
        whole, micros = divmod(round(self._at * 1e6), 10**6)
        os.write(self._writer, EVENT.pack(whole, micros, 0, 3, 0))

    def unplug(self) -> None:
        self.is_there = False
        os.write(self._writer, EVENT.pack(0, 0, 0, 0, 0))


@pytest.fixture
def evdev(monkeypatch: pytest.MonkeyPatch) -> Iterator[Evdev]:
    made = Evdev()
    real = importlib.import_module

    def instead(name: str, package: str | None = None) -> ModuleType:
        return made if name == "evdev" else real(name, package)

    monkeypatch.setattr("edgeverify.claims.keyboard.importlib.import_module", instead)
    monkeypatch.setattr("edgeverify.claims.keyboard.UNHEARD_SECONDS", 0.0)
    yield made
    os.close(made._reader)
    os.close(made._writer)


def test_the_stand_in_has_no_name_that_the_package_lacks() -> None:
    if importlib.util.find_spec("evdev") is None:
        absent("evdev is not installed: make test-readers")
    package = importlib.import_module("evdev")
    for name in ("grab", "read", "close", "fd"):
        assert hasattr(package.InputDevice, name) or name in package.InputDevice.__slots__
    assert callable(package.events.InputEvent.timestamp)


def test_a_number_is_typed_and_entered(evdev: Evdev) -> None:
    with reading(KIND, {"keyboard": {"device": DEVICE}}) as desk:
        evdev.types("0001234567\n")
        until(lambda: desk.cards == ["0001234567"], "the card")


def test_the_number_on_the_card_is_what_the_config_has(evdev: Evdev) -> None:
    number = {"byte_order": "reversed", "bytes": 4, "digits": 10}
    settings = {"device": DEVICE, "typed": "hex", "number": number}
    with reading(KIND, {"keyboard": settings}) as desk:
        evdev.types("4F61AF00\n")
        until(lambda: desk.cards == [f"{0x00AF614F:010d}"], "the card")


def test_a_number_that_stops_half_way_is_no_card(evdev: Evdev) -> None:
    with reading(KIND, {"keyboard": {"device": DEVICE}}) as desk:
        evdev.types("00012")
        evdev.types("0001234567\n", pause=2.0)
        until(lambda: desk.cards == ["0001234567"], "the whole number")
    assert desk.refused == ["refused"]


def test_a_number_of_which_the_kernel_lost_keys_is_no_card(evdev: Evdev) -> None:
    with reading(KIND, {"keyboard": {"device": DEVICE}}) as desk:
        evdev.types("0001")
        evdev.loses()
        evdev.types("67\n")
        evdev.types("0001234567\n")
        until(lambda: desk.cards == ["0001234567"], "the whole number")
    assert desk.refused == ["refused"]


def test_a_number_that_began_before_anybody_listened_is_no_card(
    evdev: Evdev, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgeverify.claims.keyboard.UNHEARD_SECONDS", 600.0)
    evdev.types("34567\n")
    with reading(KIND, {"keyboard": {"device": DEVICE}}) as desk:
        until(lambda: desk.refused == ["refused"], "the torn read")
        evdev.types("0001234567\n")
        until(lambda: desk.cards == ["0001234567"], "the whole number")
    assert desk.refused == ["refused"]


def test_a_key_that_is_pressed_by_itself_spoils_no_card_long_after_it(evdev: Evdev) -> None:
    with reading(KIND, {"keyboard": {"device": DEVICE}}) as desk:
        evdev.types("\x1b")
        evdev.types("0001234567\n", pause=3600.0)
        until(lambda: desk.cards == ["0001234567"], "the card")


def test_a_number_of_another_length_is_no_card(evdev: Evdev) -> None:
    with reading(KIND, {"keyboard": {"device": DEVICE, "characters": 10}}) as desk:
        evdev.types("1234567\n")
        until(lambda: desk.refused == ["refused"], "the torn read")
    assert desk.cards == []


@pytest.mark.parametrize(
    "typed",
    [
        "00123AF\t",
        "00123AF \n",
        " 00123AF\t\n",
        "\n00123AF\n\n",
        [*"00123", "caps", "A", "F", "caps", "\n"],
        [*"00123", "shift", "A", "F", "\n"],
    ],
)
def test_what_readers_type_around_a_number_is_no_part_of_it(
    typed: Iterable[str], evdev: Evdev
) -> None:
    with reading(KIND, {"keyboard": {"device": DEVICE}}) as desk:
        evdev.types(typed)
        until(lambda: desk.cards == ["00123AF"], "the card")
    assert desk.refused == []


def test_two_numbers_in_one_burst_are_two_cards(evdev: Evdev) -> None:
    with reading(KIND, {"keyboard": {"device": DEVICE}}) as desk:
        evdev.types("123\n456\n")
        until(lambda: desk.cards == ["123", "456"], "both cards")


def test_a_pattern_leaves_out_what_is_not_on_the_card(evdev: Evdev) -> None:
    settings = {"device": DEVICE, "pattern": r";([0-9]{10})[0-9]/", "typed": "decimal"}
    with reading(KIND, {"keyboard": settings}) as desk:
        evdev.types(";00012345678/\n")
        until(lambda: desk.cards == ["1234567"], "the card without its check digit")
        evdev.types("00012345678\n")
        until(lambda: desk.refused == ["refused"], "what does not fit")


@pytest.mark.parametrize("typed", ["12 34\n", ";1234\n", "12\x1b34\n"])
def test_what_is_no_number_without_a_pattern_is_no_card(typed: str, evdev: Evdev) -> None:
    with reading(KIND, {"keyboard": {"device": DEVICE}}) as desk:
        evdev.types(typed)
        until(lambda: desk.refused == ["refused"], "the torn read")
        evdev.types("7\n")
        until(lambda: desk.cards == ["7"], "the card")


def test_a_reader_that_somebody_holds_or_that_vanishes_is_named(evdev: Evdev) -> None:
    evdev.is_held = True
    with reading(KIND, {"keyboard": {"device": DEVICE}}) as desk:
        until(lambda: "Another program holds it" in desk.away, "the fault")
        evdev.is_held = False
        until(lambda: desk.away == "", "its return", 20)
        evdev.unplug()
        until(lambda: "has gone" in desk.away or "cannot be opened" in desk.away, "the fault")
        evdev.is_there = True
        until(lambda: desk.away == "", "its return", 20)
        evdev.types("7\n")
        until(lambda: desk.cards == ["7"], "the card")


def test_a_clock_that_is_set_back_joins_no_two_halves() -> None:
    """The kernel stamps keys with the time of day."""
    typing = Typing()
    for code in (2, 3):
        assert typing.press(code, 1000.0) is None
    with pytest.raises(TornReadError, match="in the middle"):
        typing.press(4, 900.0)
    assert typing.press(4, 900.0) is None
    assert typing.press(28, 900.0) == "3"
