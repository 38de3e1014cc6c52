"""A network camera to torment: Motion JPEG over HTTP, told on standard input what to show.

`python -m tests.soak.network_camera PORT FOLDER` serves the films in FOLDER (NAME.npy, uint8, RGB,
shape (n, height, width, 3)). Commands, one a line: `film NAME [FAULT]`, or a fault: `black`,
`covered` (a hand on the lens), `overexposed`, `torn` (half of each picture), `still` (the same
pixels again and again), `silent` (connected, no pictures), `small` (a third of the resolution).
Every picture has noise of its own, as a sensor gives it. It ends when its standard input does.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]

FRAMES_PER_SECOND = 12.0
NOISE_LEVEL = 6
MARGIN = 256
JPEG_QUALITY = 85
LEVELS = {"black": 0, "covered": 70, "overexposed": 250}
"""Grey values of a picture that shows nothing else."""


class Show:
    """What the camera sees, and how it fails; changed by one thread, filmed by others."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._films: dict[str, Image] = {}
        self._draw = np.random.default_rng()  # another camera's noise at each start
        self._noise: Image | None = None
        self.film = ""
        self.fault = ""

    def obey(self, command: str) -> None:
        """Take one line of orders."""
        word, *rest = command.split()
        if word == "film":
            name, fault = rest[0], "".join(rest[1:])
            if name not in self._films:
                self._films[name] = np.load(self._folder / f"{name}.npy", mmap_mode="r")
            self.fault, self.film = fault, name
        else:
            self.fault = word

    def pictures(self) -> Iterator[bytes]:
        """Yield JPEG pictures at the camera's rate, for ever."""
        started, number, last = time.monotonic(), 0, b""
        while True:
            number += 1
            time.sleep(max(0.0, started + number / FRAMES_PER_SECOND - time.monotonic()))
            if self.fault == "silent" or not self.film:
                continue
            if self.fault != "still" or not last:
                last = self._picture(number)
            yield last

    def _picture(self, number: int) -> bytes:
        film = self._films[self.film]
        frame = np.ascontiguousarray(film[number % len(film)])
        if self.fault in LEVELS:
            frame = np.full_like(frame, LEVELS[self.fault])
        noisy = cv2.add(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR), self._grain(frame.shape))
        if self.fault == "small":
            noisy = cv2.resize(noisy, None, fx=0.33, fy=0.33, interpolation=cv2.INTER_AREA)
        done, encoded = cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        assert done
        content = encoded.tobytes()
        return content[: len(content) // 2] if self.fault == "torn" else content

    def _grain(self, shape: tuple[int, ...]) -> Image:
        if self._noise is None or self._noise.shape[0] != shape[0] + MARGIN:
            larger = (shape[0] + MARGIN, shape[1] + MARGIN, 3)
            self._noise = self._draw.integers(0, NOISE_LEVEL, larger, dtype=np.uint8)
        y, x = self._draw.integers(0, MARGIN, 2)
        return np.ascontiguousarray(self._noise[y : y + shape[0], x : x + shape[1]])


def serve(port: int, show: Show) -> ThreadingHTTPServer:
    """Start serving on loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "multipart/x-mixed-replace;boundary=frame")
            self.end_headers()
            try:
                for picture in show.pictures():
                    head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}"
                    self.wfile.write(f"{head}\r\n\r\n".encode() + picture + b"\r\n")
            except OSError:
                return

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def main() -> None:
    """Serve until standard input closes."""
    show = Show(Path(sys.argv[2]))
    serve(int(sys.argv[1]), show)
    print("ready", flush=True)  # noqa: T201
    for line in sys.stdin:
        show.obey(line.strip())


if __name__ == "__main__":
    main()
