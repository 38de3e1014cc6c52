"""A V4L2 device, through FFmpeg; it has never run on hardware in this project."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from edgeverify.camera.messages import Order
from edgeverify.camera.reader import Shot
from edgeverify.camera.stream import Stream
from edgeverify.errors import CameraError

if TYPE_CHECKING:
    from typing import SupportsFloat

    from av import Packet
    from av.video.stream import VideoStream

MAX_WAIT_SECONDS = 0.25
"""A picture that waited longer in the driver's queue is passed over without being decoded."""
MAX_AGE_SECONDS = 3600.0
"""A driver whose time stamps lie further back does not count on CLOCK_MONOTONIC."""
EACH_WHOLE = frozenset({"mjpeg", "rawvideo"})
"""Codecs whose pictures need no other picture, so that one may be passed over."""


class DeviceReader:
    """A V4L2 device: Motion JPEG where it has that, because USB 2 is too slow for raw 720p."""

    def __init__(self, order: Order) -> None:
        asked = {
            "video_size": f"{order.width}x{order.height}",
            "framerate": f"{order.frames_per_second:g}",
        }
        self._name = order.name
        self._stream = _open(order, ({"input_format": "mjpeg", **asked}, asked, {}))

    def read(self) -> Shot:
        """Wait for the next picture."""
        frame = self._stream.read(skip=self._is_old)
        if frame is None:
            raise CameraError(f"{self._name}: gives no more pictures")
        at = captured_at(frame.pts, frame.time_base, time.monotonic())
        return Shot(frame, at, self._stream.is_damaged)

    def close(self) -> None:
        """Let go of the device."""
        self._stream.close()

    def _is_old(self, packet: Packet[VideoStream]) -> bool:
        if self._stream.codec not in EACH_WHOLE:
            return False
        now = time.monotonic()
        return now - captured_at(packet.pts, packet.time_base, now) > MAX_WAIT_SECONDS


def captured_at(pts: int | None, time_base: SupportsFloat | None, now: float) -> float:
    """Return when a picture was captured: the driver's stamp where it is CLOCK_MONOTONIC's."""
    if pts is None or time_base is None:
        return now
    seconds = pts * float(time_base)
    return seconds if 0.0 <= now - seconds < MAX_AGE_SECONDS else now


def _open(order: Order, choices: tuple[dict[str, str], ...]) -> Stream:
    """Open with the first choice of options that the driver takes."""
    first, *others = choices
    try:
        return Stream(order.place, name=order.name, options=first, container="v4l2", is_live=True)
    except CameraError:
        if not others:
            raise
        return _open(order, tuple(others))
