"""What the capture process asks of a camera: open (its constructor), read, close."""

from __future__ import annotations

from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from edgeverify.errors import CameraError

BgrImage: TypeAlias = NDArray[np.uint8]
"""Pixels as OpenCV gives them: uint8, shape (height, width, 3), channels blue, green, red."""

MAX_SIDE_PIXELS = 8192


class VideoEndedError(CameraError):
    """A video file has come to its end."""


class Reader(Protocol):
    """An open camera in the capture process. Any call may block for ever: the parent can kill."""

    def read(self, buffer: BgrImage | None = None) -> tuple[BgrImage, float]:
        """Give the next frame and its capture time (CLOCK_MONOTONIC seconds).

        The pixels lie in `buffer` where size and type fit, else in new memory. Raises CameraError
        when the camera is gone.
        """

    def close(self) -> None:
        """Close the camera."""


def into(capture: Any, buffer: BgrImage | None) -> BgrImage | None:
    """Read OpenCV's next frame, without a copy where it fits `buffer`; None when there is none.

    Grey and four-channel pictures never leave OpenCV's converters; anything else than uint8 with
    three channels is refused here.
    """
    good, image = capture.read() if buffer is None else capture.read(buffer)
    if not good or image is None:
        return None
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise CameraError(f"the camera gave {image.dtype} {image.shape}, not 8-bit colour")
    if max(image.shape[:2]) > MAX_SIDE_PIXELS:
        raise CameraError(f"the camera gave {image.shape[1]} x {image.shape[0]} pixels: too many")
    pixels: BgrImage = image
    return pixels
