"""USB relay boards: a serial one on a real pty, a HID one on a strict stand-in for hidapi."""

from __future__ import annotations

import os
import pty
import tty
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace
from typing import cast

import pytest

from edgeverify.lock.relay.output import RelayError
from edgeverify.lock.relay.usb_hid import HidOutput
from edgeverify.lock.relay.usb_serial import SerialOutput
from edgeverify.lock.settings import HidRelay, SerialRelay


@pytest.fixture
def board() -> Iterator[tuple[int, str]]:
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    yield ours, os.ttyname(theirs)
    os.close(ours)
    os.close(theirs)


def test_a_serial_board_gets_its_frames(board: tuple[int, str]) -> None:
    ours, port = board
    output = SerialOutput(SerialRelay(kind="usb_serial", port=port, channel=2))
    output.put(released=True, energised=True)
    assert os.read(ours, 16) == bytes((0xA0, 2, 1, 0xA3))
    output.put(released=False, energised=False)
    assert os.read(ours, 16) == bytes((0xA0, 2, 0, 0xA2))
    output.close()


def test_a_port_that_is_not_there_is_named() -> None:
    with pytest.raises(RelayError, match=r"/dev/serial/by-id/none cannot be opened"):
        SerialOutput(SerialRelay(kind="usb_serial", port="/dev/serial/by-id/none"))


class _Hid:
    """Boards as the maker describes them; whatever is no command of theirs is refused."""

    def __init__(self, *letters: str, is_stuck: bool = False) -> None:
        self.boards = [letter.encode() for letter in letters]
        self.is_stuck = is_stuck
        self.states = dict.fromkeys(self.boards, 0)

    def enumerate(self, vendor: int, product: int) -> list[dict[str, bytes]]:
        assert (vendor, product) == (0x16C0, 0x05DF)
        return [{"path": letters} for letters in self.boards]

    def device(self) -> SimpleNamespace:
        return SimpleNamespace(
            open_path=self._open,
            send_feature_report=self._send,
            get_feature_report=self._get,
            close=lambda: None,
        )

    def _open(self, path: bytes) -> None:
        self._letters = path

    def _send(self, report: bytes) -> int:
        number, command, channel, *rest = report
        assert (len(report), number, any(rest)) == (9, 0, False)
        assert command in {0xFF, 0xFD}
        if not self.is_stuck:
            bit = 1 << (channel - 1)
            state = self.states[self._letters]
            self.states[self._letters] = state | bit if command == 0xFF else state & ~bit
        return len(report)

    def _get(self, number: int, length: int) -> list[int]:
        assert (number, length) == (1, 9)
        return [*self._letters.ljust(7, b"\0"), self.states[self._letters], 0]


def _output(hid: _Hid, **more: object) -> HidOutput:
    settings = HidRelay.model_validate({"kind": "usb_hid", **more})
    return HidOutput(settings, cast("ModuleType", hid))


def test_a_hid_board_moves_the_relay_that_is_meant() -> None:
    hid = _Hid("BITFT")
    output = _output(hid, channel=3)
    output.put(released=True, energised=True)
    assert hid.states == {b"BITFT": 0b100}
    output.put(released=False, energised=False)
    assert hid.states == {b"BITFT": 0}


def test_a_board_that_does_not_move_is_not_believed() -> None:
    with pytest.raises(RelayError, match="did not move"):
        _output(_Hid("BITFT", is_stuck=True)).put(released=True, energised=True)


@pytest.mark.parametrize(
    ("boards", "serial", "words"),
    [
        ((), "", "No USB relay board"),
        (("AAAAA", "BBBBB"), "", "2 USB relay boards"),
        (("AAAAA",), "CCCCC", "No USB relay board 'CCCCC'"),
    ],
)
def test_which_board_is_meant_is_never_guessed(
    boards: tuple[str, ...], serial: str, words: str
) -> None:
    with pytest.raises(RelayError, match=words):
        _output(_Hid(*boards), serial=serial)


def test_one_of_several_boards_is_found_by_its_letters() -> None:
    hid = _Hid("AAAAA", "BBBBB")
    _output(hid, serial="BBBBB").put(released=True, energised=True)
    assert hid.states == {b"AAAAA": 0, b"BBBBB": 1}
