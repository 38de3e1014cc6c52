"""What every camera does, whatever stands behind it."""

from __future__ import annotations

from typing import Protocol

from edgeverify.camera.health import CameraHealth
from edgeverify.domain import Frame


class Camera(Protocol):
    """A one-deep slot that always holds the newest frame.

    None of these calls raises for anything that a camera, a cable or a network can do: they give
    no frame, and `health` says why.
    """

    def latest(self, after_sequence: int, timeout_seconds: float) -> Frame | None:
        """Return the newest frame whose sequence is above `after_sequence`, else None.

        Waits at most `timeout_seconds` for it. Sequences start at 1, so 0 asks for any frame.
        """

    def health(self) -> CameraHealth:
        """Return how the camera is, now."""

    def now(self) -> float:
        """Seconds on the clock that stamps the frames: monotonic, or the video's own time."""

    def close(self) -> None:
        """Let go of device, process, thread and memory. May be called twice."""
