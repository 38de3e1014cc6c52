"""What the capture process tells the daemon, over a socket that keeps messages apart.

Each message is one byte for its kind and a fixed layout. The pixels travel in a `Ring`, whose
descriptor comes with `Opened`.
"""

from __future__ import annotations

import json
import os
import socket
import struct
from dataclasses import asdict, dataclass
from typing import TypeAlias

from edgeverify.camera.picture import THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH, Picture
from edgeverify.errors import CameraError

MAX_MESSAGE_BYTES = 65536
OPENED = struct.Struct("<cIII")
CAPTURED = struct.Struct("<cQIdIddd?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What the daemon asks for, the only message in the other direction. `kind` names the reader.

    It goes over the socket, not the command line, where every user could read a camera's password.
    """

    kind: str
    place: str
    name: str = "the camera"
    words: tuple[str, ...] = ()
    width: int = 0
    height: int = 0
    frames_per_second: float = 15.0
    loop: bool = False
    timeout_seconds: float = 5.0
    transport: str = "auto"
    port: int = 0
    private: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Started:
    """The process has loaded its libraries; an order will be carried out at once."""


@dataclass(frozen=True, slots=True)
class Confined:
    """The process gave up all but its camera; `lacking` says in words what it could not give up."""

    lacking: str


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """Frames of this size (pixels) come from now on, in the memory behind `descriptor`.

    They have yet to be turned clockwise by `turn` degrees (0, 90, 180 or 270); `form` says in words
    how they are encoded.
    """

    width: int
    height: int
    descriptor: int
    turn: int = 0
    form: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Captured:
    """Frame `number` (from 1) lies in `slot`; captured at CLOCK_MONOTONIC seconds."""

    number: int
    slot: int
    captured_at: float
    picture: Picture


@dataclass(frozen=True, slots=True)
class Failed:
    """The camera is gone; `has_ended` where it was a file that came to its end."""

    problem: str
    has_ended: bool = False


Message: TypeAlias = Started | Confined | Opened | Captured | Failed


def send_order(to: socket.socket, order: Order) -> None:
    """Ask a new capture process for a camera."""
    to.send(json.dumps(asdict(order)).encode())


def receive_order(source: socket.socket) -> Order | None:
    """Wait for the order; None where the daemon went away without one."""
    try:
        data = source.recv(MAX_MESSAGE_BYTES)
    except OSError:
        return None
    if not data:
        return None
    fields = json.loads(data)
    lists = {name: tuple(fields[name]) for name in ("words", "private")}
    return Order(**{**fields, **lists})


def send(to: socket.socket, message: Message) -> None:
    """Send one message; blocks while the daemon is behind."""
    if isinstance(message, Started):
        to.send(b"S")
    elif isinstance(message, Confined):
        to.send(b"L" + message.lacking.encode()[:1000])
    elif isinstance(message, Opened):
        head = OPENED.pack(b"O", message.width, message.height, message.turn)
        body = head + message.form.encode()[:200]
        socket.send_fds(to, [body], [message.descriptor])
    elif isinstance(message, Captured):
        picture = message.picture
        head = CAPTURED.pack(
            b"C",
            message.number,
            message.slot,
            message.captured_at,
            picture.checksum,
            picture.filled_rows,
            picture.stale_rows,
            picture.colour,
            picture.is_corrupt,
        )
        to.send(head + picture.thumbnail)
    else:
        to.send((b"E" if message.has_ended else b"F") + message.problem.encode()[:4096])


def receive(source: socket.socket) -> Message:
    """Wait for one message. Raises CameraError where the process is gone or talks nonsense."""
    data, descriptors, _flags, _address = socket.recv_fds(source, MAX_MESSAGE_BYTES, 1)
    kind = data[:1]
    if kind == b"O" and len(data) >= OPENED.size and len(descriptors) == 1:
        _kind, width, height, turn = OPENED.unpack_from(data)
        form = data[OPENED.size :].decode(errors="replace")
        return Opened(width, height, descriptors[0], turn, form)
    for descriptor in descriptors:
        os.close(descriptor)
    if not data:
        raise CameraError("the capture process ended without a message")
    if kind == b"S":
        return Started()
    if kind == b"L":
        return Confined(data[1:].decode(errors="replace"))
    if kind == b"C":
        return _captured(data)
    if kind in {b"E", b"F"}:
        return Failed(data[1:].decode(errors="replace"), has_ended=kind == b"E")
    raise CameraError("the capture process sent something that is not a message")


def _captured(data: bytes) -> Captured:
    if len(data) != CAPTURED.size + THUMBNAIL_WIDTH * THUMBNAIL_HEIGHT:
        raise CameraError("the capture process sent half a message")
    _kind, number, slot, captured_at, checksum, filled, stale, colour, is_corrupt = (
        CAPTURED.unpack_from(data)
    )
    picture = Picture(
        thumbnail=data[CAPTURED.size :],
        checksum=checksum,
        filled_rows=filled,
        stale_rows=stale,
        colour=colour,
        is_corrupt=is_corrupt,
    )
    return Captured(number, slot, captured_at, picture)
