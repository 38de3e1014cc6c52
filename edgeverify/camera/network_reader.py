"""An RTSP or HTTP camera, through FFmpeg, with time-outs of ours."""

from __future__ import annotations

import math
import time

from edgeverify.camera.messages import Order
from edgeverify.camera.reader import Shot
from edgeverify.camera.stream import Stream
from edgeverify.camera.stream_clock import StreamClock
from edgeverify.errors import CameraError

OPTIONS = {
    # FFmpeg would study the stream for five seconds before it shows anything. Each picture is
    # taken as it is anyway, so the first one is enough.
    "fpsprobesize": "0",
    "analyzeduration": "1",  # microseconds of video
    # What a camera sends may name other places to read from, such as files of this machine.
    "protocol_whitelist": "http,https,tls,tcp,udp,rtp,rtsp,srtp",
}
RTSP_OPTIONS = {"probesize": "32"}
"""Bytes, FFmpeg's least; elsewhere it needs more to tell what is sent."""
TRANSPORTS = {
    # A lost UDP packet tears the picture, so TCP is asked for first.
    "auto": {"rtsp_transport": "tcp+udp", "rtsp_flags": "prefer_tcp"},
    "tcp": {"rtsp_transport": "tcp"},
    "udp": {"rtsp_transport": "udp"},
}
MAX_OLD_PICTURES = 300
MAX_UNTIMED_PICTURES = 2
"""The first picture of an RTSP stream comes without a time, and may have waited."""
ONE_PICTURE = frozenset({"jpeg_pipe", "png_pipe", "webp_pipe", "image2"})
WITHOUT_CLOCK = frozenset(
    {"mpjpeg", "mjpeg", "jpeg_pipe", "png_pipe", "image2", "h264", "hevc", "rawvideo"}
)
"""Formats that carry no time: FFmpeg counts 25 pictures a second, whatever the camera does."""


class NetworkReader:
    """A stream that is watched as it comes; a picture that waited in a buffer keeps its time."""

    def __init__(self, order: Order) -> None:
        self._clock = StreamClock()
        self._name = order.name
        self._old_left_to_pass = MAX_OLD_PICTURES
        self.pictures_passed = 0
        """How many came before the first that was given."""
        self._stream = _open(order)
        if not ONE_PICTURE.isdisjoint(self._stream.container.split(",")):
            self._stream.close()
            raise CameraError(
                f"{order.name}: gives one picture, not a stream",
                advice='Write "snapshot:" before the address in camera.source.',
            )
        self._is_timed = WITHOUT_CLOCK.isdisjoint(self._stream.container.split(","))
        self._untimed_left_to_pass = MAX_UNTIMED_PICTURES if self._is_timed else 0

    def read(self) -> Shot:
        """Wait for the next picture; one that waited in a buffer keeps its earlier time.

        What FFmpeg took to get to know the stream comes first, all at once: it is passed over,
        since nobody can tell how old it is before the first picture that had to be waited for.
        """
        while True:
            frame = self._stream.read()
            if frame is None:
                raise CameraError(f"{self._name}: the stream broke off")
            now = time.monotonic()
            if not self._is_timed:
                return Shot(frame, now)
            if frame.pts is None and self._untimed_left_to_pass > 0:
                self._untimed_left_to_pass -= 1
                self.pictures_passed += 1
                continue
            captured_at = self._clock.captured_at(
                math.nan if frame.pts is None else frame.time, now
            )
            self._old_left_to_pass -= 1
            if self._old_left_to_pass < 0 or not self._clock.is_catching_up:
                self._old_left_to_pass = 0
                return Shot(frame, captured_at)
            self.pictures_passed += 1

    def close(self) -> None:
        """Hang up."""
        self._stream.close()


def _open(order: Order) -> Stream:
    is_rtsp = order.place.lower().startswith("rtsp")
    options = {**OPTIONS, **(RTSP_OPTIONS | TRANSPORTS[order.transport] if is_rtsp else {})}
    return Stream(
        order.place,
        name=order.name,
        options=options,
        timeout_seconds=order.timeout_seconds,
        is_live=True,
    )
