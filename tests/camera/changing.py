"""Cameras whose pictures change in mid-stream: clips made by FFmpeg's encoders, sent over HTTP."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO

import av
import numpy as np
from av.video.reformatter import ColorRange
from numpy.typing import NDArray
from PIL import Image

RATE = 20
LEFT = (200, 40, 40)
RIGHT = (40, 60, 200)


@dataclass(frozen=True, kw_only=True)
class Form:
    """How a part of the stream is encoded, and the colours that must come out of it."""

    codec: str
    pixels: str
    width: int = 320
    height: int = 240
    full_range: bool = False
    interlaced: bool = False
    rate: int = RATE
    """Pictures per second."""
    aspect: Fraction = Fraction(1)
    """Width of a pixel by its height, as the stream states it."""
    turn: int = 0
    """The stream asks to turn it clockwise by so many degrees; the sizes are those before that."""
    left: tuple[int, int, int] = LEFT
    right: tuple[int, int, int] = RIGHT

    @property
    def seen_size(self) -> tuple[int, int]:
        """Width and height once it was turned."""
        return (self.height, self.width) if self.turn % 180 else (self.width, self.height)

    @property
    def is_grey(self) -> bool:
        """Whether no colour comes out."""
        return self.pixels.startswith("gray")


def drawn(form: Form, number: int) -> NDArray[np.uint8]:
    """Two coloured halves with a little noise: which half is where, and old rows, can be told."""
    width, height = form.seen_size
    picture = np.empty((height, width, 3), np.uint8)
    picture[:, : width // 2] = form.left
    picture[:, width // 2 :] = form.right
    noise = np.random.default_rng(number).normal(0, 3, (height, width, 1))
    noisy = np.clip(picture + noise, 0, 255).astype(np.uint8)
    return np.ascontiguousarray(np.rot90(noisy, form.turn // 90))


class Encoder:
    """Encodes one picture after another; each can be decoded with those before."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self._codec = None if form.codec == "mjpeg" else _video_codec(form)
        self._orientation = _display_orientation(form.turn) if form.turn else b""

    def encode(self, number: int) -> bytes:
        """Picture `number` as a part of an elementary stream."""
        picture = drawn(self.form, number)
        if self._codec is None:
            return _jpeg(picture, self.form.pixels)
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(
            format=self.form.pixels, dst_color_range=self._codec.color_range
        )
        frame.pts = number
        packets = self._codec.encode(frame)
        return self._orientation + b"".join(bytes(packet) for packet in packets)


def _display_orientation(turn: int) -> bytes:
    """Write H.264's message (ITU-T H.264, D.2.27) that asks to turn a picture clockwise."""
    anticlockwise = (360 - turn) * 2**16 // 360
    bits = f"000{anticlockwise:016b}10100"  # no flip, the angle, this picture only, no extension
    return b"\0\0\0\1\x06\x2f\x03" + int(bits, 2).to_bytes(3, "big") + b"\x80"


def _video_codec(form: Form) -> av.VideoCodecContext:
    codec = av.CodecContext.create(form.codec, "w")
    assert isinstance(codec, av.VideoCodecContext)
    codec.width, codec.height, codec.pix_fmt = form.width, form.height, form.pixels
    codec.time_base, codec.framerate = Fraction(1, form.rate), Fraction(form.rate)
    codec.sample_aspect_ratio = form.aspect
    codec.color_range = ColorRange.JPEG if form.full_range else ColorRange.MPEG
    fields = ":tff=1" if form.interlaced else ""
    extra = {
        "libx264": {"x264-params": f"log=-1:threads=1:keyint=10{fields}"},
        "libx265": {"x265-params": "log-level=none:repeat-headers=1:pools=1:keyint=10"},
    }
    codec.options = {"tune": "zerolatency", "preset": "ultrafast", **extra[form.codec]}
    return codec


def _jpeg(picture: NDArray[np.uint8], pixels: str) -> bytes:
    image = Image.fromarray(picture)
    target = BytesIO()
    if pixels == "gray":
        image.convert("L").save(target, "jpeg", quality=95)
    else:
        subsampling = {"yuvj420p": "4:2:0", "yuvj422p": "4:2:2", "yuvj444p": "4:4:4"}[pixels]
        image.save(target, "jpeg", quality=95, subsampling=subsampling)
    return target.getvalue()


class ChangingCamera(ThreadingHTTPServer):
    """Sends the pictures of `shows`, twenty a second; a change takes effect with the next one."""

    daemon_threads = True

    def __init__(self, form: Form) -> None:
        self.shows = form
        self.connections = 0
        super().__init__(("127.0.0.1", 0), _Stream)

    @property
    def url(self) -> str:
        """Where it is watched."""
        return f"http://127.0.0.1:{self.server_port}/video"

    def pictures(self) -> Iterator[bytes]:
        """Every picture that is to be sent, from now on for ever; no two are alike."""
        encoder = Encoder(self.shows)
        for number in itertools.count(self.connections * 100_000):
            if encoder.form is not self.shows:
                encoder = Encoder(self.shows)
            yield encoder.encode(number)


class _Stream(BaseHTTPRequestHandler):
    server: ChangingCamera

    def do_GET(self) -> None:
        self.server.connections += 1
        is_jpeg = self.server.shows.codec == "mjpeg"
        kind = "multipart/x-mixed-replace; boundary=part" if is_jpeg else "video/x"
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.end_headers()
        try:
            for packet in self.server.pictures():
                head = (
                    f"--part\r\nContent-Type: image/jpeg\r\nContent-Length: {len(packet)}\r\n\r\n"
                )
                self.wfile.write(head.encode() + packet + b"\r\n" if is_jpeg else packet)
                time.sleep(1 / self.server.shows.rate)
        except OSError:
            return

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@contextmanager
def serving(form: Form) -> Iterator[ChangingCamera]:
    """A camera on loopback until the end of the block."""
    server = ChangingCamera(form)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
