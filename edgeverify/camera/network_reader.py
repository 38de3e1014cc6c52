"""An RTSP or HTTP camera, through FFmpeg, with time-outs of ours.

Either a stream, of which a clock says when a frame was captured although it may have waited in a
buffer; or one JPEG for each request, asked for again and again.
"""

from __future__ import annotations

import math
import time

from edgeverify.camera.messages import Order
from edgeverify.camera.reader import Shot
from edgeverify.camera.stream import Stream
from edgeverify.errors import CameraError

LEAK = 0.002
"""The two clocks may drift apart by so much per second; real ones do by 0.0001."""
MAX_JUMP_SECONDS = 10.0
UNKNOWN_PICTURES = 1
"""Nothing came before the first by which its delay could be told."""
PLAUSIBLE_SECONDS = (-1e9, 1e9)
"""Beyond these it is no time: FFmpeg says -3.7e17 where a stream (Motion JPEG over HTTP) has none,
and adding that to a clock would leave nothing of the clock's own digits."""


class StreamClock:
    """Maps a stream's time stamps to our clock by the frame that came with the least delay.

    After a pause in the network, frames arrive in a burst and look new; by the stream's own clock
    they are old, and a claim made meanwhile must not be proved by them. The constant part of the
    delay (encoder, network) cannot be seen from here. Where a stream has no time stamps, or they
    jump, the arrival counts.
    """

    def __init__(self) -> None:
        self._offset: float | None = None
        self._stream = 0.0
        self._arrival = 0.0
        self._pictures = 0
        self.is_catching_up = True
        """Whether the last picture came in less than half the time that lies between it and the
        one before, so that it had waited in a buffer; the first may have."""

    def captured_at(self, stream_seconds: float, arrival: float) -> float:
        """Return the capture time on the clock of `arrival`; never later than it, never falling."""
        if not PLAUSIBLE_SECONDS[0] < stream_seconds < PLAUSIBLE_SECONDS[1]:
            self._offset = None
            self.is_catching_up = False
            return arrival
        step = stream_seconds - self._stream
        self._pictures += 1
        self.is_catching_up = self._pictures <= UNKNOWN_PICTURES or (
            step < MAX_JUMP_SECONDS and arrival - self._arrival < step / 2
        )
        if self._offset is None or not 0.0 < step < MAX_JUMP_SECONDS:
            self._offset = arrival - stream_seconds
        else:
            leaked = self._offset + LEAK * (arrival - self._arrival)
            self._offset = min(leaked, arrival - stream_seconds)
        self._stream, self._arrival = stream_seconds, arrival
        return min(arrival, stream_seconds + self._offset)


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
"""Formats that carry no time: FFmpeg counts 25 pictures per second, whatever the camera does."""


class NetworkReader:
    """A stream that is watched as it comes; a picture that waited in a buffer keeps its time."""

    def __init__(self, order: Order) -> None:
        self._clock = StreamClock()
        self._name = order.name
        self._old_left_to_pass = MAX_OLD_PICTURES
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
                return Shot(frame, now, self._stream.is_damaged)
            if frame.pts is None and self._untimed_left_to_pass > 0:
                self._untimed_left_to_pass -= 1
                continue
            captured_at = self._clock.captured_at(
                math.nan if frame.pts is None else frame.time, now
            )
            self._old_left_to_pass -= 1
            if self._old_left_to_pass < 0 or not self._clock.is_catching_up:
                self._old_left_to_pass = 0
                return Shot(frame, captured_at, self._stream.is_damaged)

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


class SnapshotReader:
    """Asks for a picture `frames_per_second` times per second, or as often as the camera answers.

    A picture counts as captured when it was asked for: the camera may have held it ready, but
    nobody can tell for how long.
    """

    def __init__(self, order: Order) -> None:
        self._order = order
        self._due = time.monotonic()
        self._stream: Stream | None = None

    def read(self) -> Shot:
        """Ask for the next picture when it is due."""
        self.close()
        wait = self._due - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        asked_at = time.monotonic()
        self._due = asked_at + 1.0 / self._order.frames_per_second
        self._stream = Stream(
            self._order.place,
            name=self._order.name,
            options=OPTIONS,
            timeout_seconds=self._order.timeout_seconds,
            is_live=True,
        )
        frame = self._stream.read()
        if frame is None:
            raise CameraError(f"{self._order.name}: answers without a picture")
        return Shot(frame, asked_at, self._stream.is_damaged)

    def close(self) -> None:
        """Forget the last answer."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None
