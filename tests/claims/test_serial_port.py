"""A serial reader on a real pty: frames and lines, torn reads, a plug that is pulled."""

from __future__ import annotations

import os
import pty
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgeverify.claims.serial_port import KIND
from tests.claims.readers import Desk, reading
from tests.waiting import until

FRAME = b"\x020D00BC614E9E\x03"
"""What an RDM6300 sends for 12345678: version 13, four bytes, the exclusive or of all five."""


class Plug:
    """A pty under a stable name, as udev gives it; it can be pulled and put in again."""

    def __init__(self, folder: Path) -> None:
        self.port = folder / "reader"
        self.put_in()

    def put_in(self) -> None:
        self._ours, theirs = pty.openpty()
        tty.setraw(theirs)
        self.port.symlink_to(os.ttyname(theirs))
        os.close(theirs)

    def send(self, raw: bytes) -> None:
        os.write(self._ours, raw)

    def pull(self) -> None:
        self.port.unlink()
        os.close(self._ours)


@pytest.fixture
def plug(tmp_path: Path) -> Iterator[Plug]:
    made = Plug(tmp_path)
    yield made
    if made.port.is_symlink():
        made.pull()


def _settings(plug: Plug, **more: object) -> dict[str, object]:
    return {"serial": {"port": str(plug.port), **more}}


def _ready(desk: Desk) -> None:
    until(lambda: desk.away == "", "the reader to be open")


def test_a_card_is_claimed_once_however_long_it_lies_there(plug: Plug) -> None:
    with reading(KIND, _settings(plug, number={"digits": 10})) as desk:
        _ready(desk)
        plug.send(FRAME * 5)
        plug.send(b"\x020D00BC614F9F\x03")
        until(lambda: len(desk.cards) == 2, "both cards")
    assert desk.cards == ["0012345678", "0012345679"]
    assert desk.refused == []


@pytest.mark.parametrize(
    "torn",
    [
        FRAME.replace(b"9E", b"9F"),
        FRAME.replace(b"4E", b""),
        FRAME.replace(b"4E", b"4E4E"),
        FRAME.replace(b"4E", b"\xff\xfe"),
        b"\x02" + b" " * 12 + b"\x03",
        b"\x020D00BC61D0  \x03",
        FRAME[:7] + FRAME,
    ],
    ids=["checksum", "short", "long", "noise", "blanks", "blanks behind", "begun twice"],
)
def test_a_torn_frame_is_no_card(torn: bytes, plug: Plug) -> None:
    with reading(KIND, _settings(plug)) as desk:
        _ready(desk)
        plug.send(torn)
        until(lambda: desk.refused == ["refused"], "the torn read")
        plug.send(b"\x020D00BC614F9F\x03")
        until(lambda: "12345679" in desk.cards, "the next card")
    assert desk.cards in (["12345679"], ["12345678", "12345679"])
    assert ("12345678" in desk.cards) == torn.endswith(FRAME)


def test_a_frame_may_have_a_line_end_before_its_own(plug: Plug) -> None:
    """So an ID-12 sends it."""
    frame = FRAME[:-1] + b"\r\n\x03"
    with reading(KIND, _settings(plug)) as desk:
        _ready(desk)
        plug.send(b"\xff\x00\r\n" + frame + b"\x00" + frame.replace(b"4E9E", b"4F9F"))
        until(lambda: desk.cards == ["12345678", "12345679"], "both cards")
        plug.send(FRAME[:7] + b"\r\n" + FRAME[7:])
        until(lambda: desk.refused == ["refused"], "one in the middle of a number")


def test_half_a_frame_is_forgotten(plug: Plug) -> None:
    with reading(KIND, _settings(plug)) as desk:
        _ready(desk)
        plug.send(FRAME[:7])
        until(lambda: desk.refused == ["refused"], "the torn read")
        plug.send(FRAME[7:])
        plug.send(b"\x020D00BC614F9F\x03")
        until(lambda: desk.cards == ["12345679"], "the next card")


def test_lines(plug: Plug) -> None:
    settings = _settings(plug, protocol="line", pattern=r"ID=(\d{10})", typed="decimal")
    with reading(KIND, settings) as desk:
        _ready(desk)
        plug.send(b"45\r\nID=0001234567\r\nID=12\r\nID=0001234568\n")
        until(lambda: len(desk.cards) == 2, "both lines")
    assert desk.cards == ["1234567", "1234568"]
    assert desk.refused == ["refused"]


def test_a_reader_that_vanishes_is_named_and_comes_back_alone(plug: Plug) -> None:
    with reading(KIND, _settings(plug)) as desk:
        _ready(desk)
        plug.pull()
        until(lambda: "has gone" in desk.away or "cannot be opened" in desk.away, "the fault")
        assert str(plug.port) in desk.away
        plug.put_in()
        until(lambda: desk.away == "", "its return", 20)
        plug.send(FRAME)
        until(lambda: desk.cards == ["12345678"], "the card")
