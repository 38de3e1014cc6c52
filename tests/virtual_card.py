"""A card for the virtual reader of vsmartcard's vpcd, as pcscd sees it.

vpcd is the reader, and listens; the card comes to it. Its protocol: two bytes of length, then a
command of one byte or an APDU.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.ports import free_port
from tests.waiting import patience

DRIVER = Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so")
ATR = bytes.fromhex("3b80800101")
AID = "F0656467657665726966"
ANSWER_TO_RESET = b"\x04"


def reader_port() -> int:
    """Return a free port for a reader: vpcd listens on one for each of its two slots.

    Where the second is taken, pcscd starts without a reader.
    """
    return free_port(2)


def reader_config(port: int) -> str:
    """Return what pcscd reads of one virtual reader (a file of reader.conf.d)."""
    return (
        f'FRIENDLYNAME "Virtual PCD"\nDEVICENAME /dev/null:0x{port:04X}\n'
        f"LIBPATH {DRIVER}\nCHANNELID 0x{port:04X}\n"
    )


def is_listening(port: int) -> bool:
    """Whether something waits for connections; asked without making one, which would be a card."""
    table = Path("/proc/net/tcp").read_text() + Path("/proc/net/tcp6").read_text()
    return any(f":{port:04X} " in line and " 0A " in line for line in table.splitlines())


@contextmanager
def card_in_field(port: int, uid: bytes, content: bytes = b"") -> Iterator[None]:
    """Hold a card in the reader's field for the length of a block."""
    card = Card(port, uid, content)
    try:
        yield
    finally:
        card.take_away()


class Card:
    """A card in the virtual reader's field until it is taken away."""

    def __init__(self, port: int, uid: bytes, content: bytes) -> None:
        """`uid` is the card's own number, `content` the file of its application, if it has one."""
        self._uid, self._content = uid, content
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=patience(5))
        self._thread = threading.Thread(target=self._answer, daemon=True)
        self._thread.start()

    def take_away(self) -> None:
        """Take it out of the field."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(patience(5))

    def _answer(self) -> None:
        with suppress(OSError):
            while True:
                head = self._exactly(2)
                (length,) = struct.unpack(">H", head)
                asked = self._exactly(length)
                if len(asked) == 1:
                    if asked == ANSWER_TO_RESET:
                        self._say(ATR)
                    continue
                self._say(self._apdu(asked))

    def _apdu(self, asked: bytes) -> bytes:
        if asked[:2] == b"\xff\xca":
            return self._uid + b"\x90\x00"
        if asked[:4] == b"\x00\xa4\x04\x00":
            known = self._content and asked[5:-1] == bytes.fromhex(AID)
            return b"\x90\x00" if known else b"\x6a\x82"
        if asked[:4] == b"\x00\xa4\x02\x0c":
            return b"\x90\x00" if asked[5:] == b"\x00\x01" else b"\x6a\x82"
        if asked[:2] == b"\x00\xb0":
            return self._content + b"\x90\x00"
        return b"\x6d\x00"

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            more = self._socket.recv(count - len(data))
            if not more:
                raise ConnectionError
            data += more
        return data

    def _say(self, data: bytes) -> None:
        self._socket.sendall(struct.pack(">H", len(data)) + data)
