"""A GStreamer pipeline (Jetson's CSI cameras) as a child process that writes raw pictures.

FFmpeg knows no GStreamer, hence a child whose pipeline ends in `! fdsink`.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import time

from av import VideoFrame

from edgeverify.camera.gstreamer_child import NOT_INSTALLED
from edgeverify.camera.messages import Order
from edgeverify.camera.reader import Shot
from edgeverify.errors import CameraError

QUEUE = ("!", "queue", "leaky=downstream", "max-size-buffers=1")
"""Old pictures are dropped before they are converted."""

COMMAND = (sys.executable, "-m", "edgeverify.camera.gstreamer_child")
SHORTEST_VALUE = 4
ADDRESS = re.compile(r"([a-z][a-z0-9+.\-]*://)[^\s\"']+", re.IGNORECASE)


class GstreamerReader:
    """Raw RGB pictures of the size in the settings, scaled by the pipeline if need be."""

    def __init__(self, order: Order) -> None:
        self._size = (order.width, order.height)
        # GStreamer begins each row at a multiple of four bytes.
        self._row_bytes = (order.width * 3 + 3) // 4 * 4
        self._raw = bytearray(self._row_bytes * order.height)
        caps = f"video/x-raw,format=RGB,width={order.width},height={order.height}"
        sink = ("!", "videoconvert", "!", "videoscale", "!", caps, "!", "fdsink", "fd=1")
        # In memory, because this process may write no file; closed in `close`.
        self._complaints = open(os.memfd_create("complaints"), "r+b")  # noqa: PTH123, SIM115
        self._words = order.words
        self._process = subprocess.Popen(
            COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            bufsize=0,
        )
        with contextlib.suppress(BrokenPipeError), self._process.stdin as target:  # type: ignore[union-attr]
            target.write(json.dumps([*order.words, *QUEUE, *sink]).encode())

    def read(self) -> Shot:
        """Wait for a whole picture."""
        self._fill(memoryview(self._raw))
        captured_at = time.monotonic()
        frame = VideoFrame(*self._size, "rgb24")
        plane = memoryview(frame.planes[0]).cast("B")
        stride, row = frame.planes[0].line_size, self._size[0] * 3
        if stride == self._row_bytes:
            plane[: len(self._raw)] = self._raw
        else:
            for number in range(self._size[1]):
                start = number * self._row_bytes
                plane[number * stride : number * stride + row] = self._raw[start : start + row]
        return Shot(frame, captured_at, is_damaged=False)

    def close(self) -> None:
        """End the pipeline."""
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._complaints.close()

    def _fill(self, memory: memoryview) -> None:
        if self._process.stdout is None:
            raise CameraError("the pipeline has no output")
        descriptor, filled = self._process.stdout.fileno(), 0
        while filled < len(memory):
            count = os.readv(descriptor, [memory[filled:]])
            if count == 0:
                raise CameraError(f"the pipeline ended: {self._last_words()}")
            filled += count

    def _last_words(self) -> str:
        if self._process.wait() == NOT_INSTALLED:
            return "GStreamer is not installed; install it: apt install gstreamer1.0-plugins-base"
        self._complaints.seek(0)
        said = self._complaints.read(65536).decode(errors="replace").strip().splitlines()
        return _without_values((said or ["without an error message"])[-1][:300], self._words)


def _without_values(said: str, words: tuple[str, ...]) -> str:
    """Take the values that the pipeline was given out of a message: one may be a password."""
    values = (word.partition("=")[2].strip("\"'") for word in words if "=" in word)
    for value in sorted(values, key=len, reverse=True):
        if len(value) >= SHORTEST_VALUE:
            said = said.replace(value, "...")
    return ADDRESS.sub(r"\1...", said)
