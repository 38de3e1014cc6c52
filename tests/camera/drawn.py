"""Pictures that were drawn, seen as the capture process sees decoded ones."""

from __future__ import annotations

import numpy as np
from av import VideoFrame
from numpy.typing import NDArray

from edgeverify.camera.picture import THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH, Picture
from edgeverify.camera.pixels import Developer

DEVELOPER = Developer()


def examine(picture: NDArray[np.uint8], before: NDArray[np.uint8] | None = None) -> Picture:
    """Judge an RGB picture, after the one that came before it."""
    developed = [
        DEVELOPER.develop(
            VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24"), is_damaged=False
        )
        for pixels in (picture, picture if before is None else before)
    ]
    rows, rows_before = (pixels.packed() for pixels in developed)
    return developed[0].judged(rows, None if before is None else rows_before)


def miniature(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The thumbnail of an RGB picture, as rows and columns."""
    grey = np.frombuffer(examine(picture).thumbnail, np.uint8)
    return grey.reshape(THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH)
