"""A GStreamer pipeline (Jetson's CSI cameras) as a child process that writes raw pictures.

FFmpeg knows no GStreamer, hence `gst-launch-1.0 ... ! fdsink`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time

from av import VideoFrame

from edgeverify.camera.messages import Order
from edgeverify.camera.reader import Shot
from edgeverify.errors import CameraError

QUEUE = ("!", "queue", "leaky=downstream", "max-size-buffers=1")
"""Old pictures are dropped before they are converted."""


class GstreamerReader:
    """Raw RGB pictures of the size in the settings, scaled by the pipeline if need be."""

    def __init__(self, order: Order) -> None:
        program = shutil.which("gst-launch-1.0")
        if program is None:
            raise CameraError(
                "gst-launch-1.0 is not installed",
                advice="Install it: apt install gstreamer1.0-tools.",
            )
        self._size = (order.width, order.height)
        # GStreamer begins each row at a multiple of four bytes.
        self._row_bytes = (order.width * 3 + 3) // 4 * 4
        self._raw = bytearray(self._row_bytes * order.height)
        caps = f"video/x-raw,format=RGB,width={order.width},height={order.height}"
        sink = ("!", "videoconvert", "!", "videoscale", "!", caps, "!", "fdsink", "fd=1")
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115  closed in close()
        self._process = subprocess.Popen(
            [program, "-q", *order.words, *QUEUE, *sink],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            bufsize=0,
        )

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
        return Shot(frame, captured_at)

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
        self._complaints.seek(0)
        lines = self._complaints.read(65536).decode(errors="replace").splitlines()
        errors = [line.strip() for line in lines if "ERROR" in line or "erroneous" in line]
        return (errors or ["without an error message"])[0][:300]
