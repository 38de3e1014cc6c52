"""What the capture process asks of a camera: open (its constructor), read, close."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from edgeverify.errors import CameraError

if TYPE_CHECKING:
    from av import VideoFrame

MAX_SIDE_PIXELS = 8192


class VideoEndedError(CameraError):
    """A video file has come to its end."""


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """A picture as it was decoded, and when it was captured (CLOCK_MONOTONIC seconds).

    `is_damaged`: it is incomplete, or is built on a picture that is.
    """

    frame: VideoFrame
    captured_at: float
    is_damaged: bool


class Reader(Protocol):
    """An open camera in the capture process. Any call may block for ever: the parent can kill."""

    def read(self) -> Shot:
        """Wait for the next picture. Raises CameraError when the camera is gone."""

    def close(self) -> None:
        """Close the camera."""
