"""A camera that gives one JPEG for each request, asked again and again."""

from __future__ import annotations

import time

from edgeverify.camera.messages import Order
from edgeverify.camera.network_reader import OPTIONS
from edgeverify.camera.reader import Shot
from edgeverify.camera.stream import Stream
from edgeverify.errors import CameraError


class SnapshotReader:
    """Asks for a picture `frames_per_second` times a second, or as often as the camera answers.

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
        return Shot(frame, asked_at)

    def close(self) -> None:
        """Forget the last answer."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None
