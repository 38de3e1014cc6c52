"""Frames in memory that two processes share, so that a picture is written once and read once.

The capture process writes slot after slot and announces each; the daemon reads the newest. A slot
carries the number of the frame in it, 0 while it is being written: a reader that was too slow sees
the number change and takes a newer frame instead.
"""

from __future__ import annotations

import mmap
import os
from dataclasses import dataclass

from edgeverify.camera.messages import Opened
from edgeverify.errors import CameraError

SLOTS = 4
HEADER_BYTES = 64


class Ring:
    """`SLOTS` pictures of one size in an anonymous memory file. The memory goes with the object."""

    def __init__(self, file_descriptor: int, width: int, height: int) -> None:
        self.width = width
        self.height = height
        self._slot_bytes = width * height * 3
        memory = memoryview(mmap.mmap(file_descriptor, ring_bytes(width, height)))
        self._stamps = memory[: SLOTS * 8].cast("Q")
        self._memory = memory

    def pixels(self, slot: int) -> memoryview:
        """Return the slot's pixels themselves, no copy: uint8, RGB, `height` rows of `width`."""
        start = HEADER_BYTES + slot * self._slot_bytes
        return self._memory[start : start + self._slot_bytes]

    def stamp(self, slot: int) -> int:
        """Return the number of the frame in the slot; 0 while it is being written."""
        return int(self._stamps[slot])

    def set_stamp(self, slot: int, number: int) -> None:
        """Set by the writer only: 0 before the pixels change, the frame's number after."""
        self._stamps[slot] = number


def ring_bytes(width: int, height: int) -> int:
    """Return the size of the memory file of a ring."""
    return HEADER_BYTES + SLOTS * width * height * 3


def make_ring(width: int, height: int) -> tuple[Ring, int]:
    """Return a ring and the descriptor by which another process maps it; the caller closes that."""
    descriptor = os.memfd_create("edgeverify-camera", os.MFD_CLOEXEC)
    try:
        os.ftruncate(descriptor, ring_bytes(width, height))
        return Ring(descriptor, width, height), descriptor
    except BaseException:
        os.close(descriptor)
        raise


@dataclass(frozen=True, slots=True, eq=False)
class SharedFrames:
    """Where frames lie, how far they have yet to be turned clockwise, and their form in words."""

    ring: Ring
    turn: int
    form: str


def map_frames(opened: Opened, rotate: int) -> SharedFrames:
    """Return the capture process's frames, to be turned by `rotate` degrees; else CameraError."""
    try:
        ring = Ring(opened.descriptor, opened.width, opened.height)
    except (OSError, ValueError) as error:
        raise CameraError(f"cannot share memory with the capture process: {error}") from None
    finally:
        os.close(opened.descriptor)
    form = f"{opened.width} x {opened.height} pixels, {opened.form}"
    return SharedFrames(ring, (opened.turn + rotate) % 360, form)
