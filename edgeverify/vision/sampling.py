"""Bilinear samples of a picture at any places, as MediaPipe 0.10.21 takes them.

It carries OpenCV 3.4, which rounds each place to a 32nd of a pixel before it weighs the four
pixels around it. Newer releases round no more in `warpAffine`, which moves 1 % of the mesh's
points by 2.7 % of the eye distance; in `remap` with places in fixed point they do as ever.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edgeverify.domain import RgbImage


class Places:
    """Where a drawing of fixed size takes its pixels from; the same memory each time."""

    def __init__(self, width: int, height: int) -> None:
        self._columns: NDArray[np.float32] = np.arange(width, dtype=np.float32)
        self._rows: NDArray[np.float32] = np.arange(height, dtype=np.float32)[:, None]
        self._x: NDArray[np.float32] = np.empty((height, width), np.float32)
        self._y: NDArray[np.float32] = np.empty((height, width), np.float32)
        self._whole: NDArray[np.int16] = np.empty((height, width, 2), np.int16)
        self._parts: NDArray[np.uint16] = np.empty((height, width), np.uint16)
        self._drawing: RgbImage = np.empty((height, width, 3), np.uint8)

    def lay(self, into_picture: NDArray[np.float64]) -> None:
        """Take pixel (x, y) from (2, 3) `into_picture` times (x, y, 1), in the picture's pixels."""
        for (by_x, by_y, offset), places in zip(into_picture, (self._x, self._y), strict=True):
            along = self._columns * np.float32(by_x)
            down = self._rows * np.float32(by_y) + np.float32(offset)
            np.add(along, down, out=places)
        cv2.convertMaps(self._x, self._y, cv2.CV_16SC2, dstmap1=self._whole, dstmap2=self._parts)

    def draw(self, rgb: RgbImage, border: int) -> RgbImage:
        """Return the drawing, which the next one overwrites; `border` is OpenCV's `BORDER_...`."""
        cv2.remap(
            rgb, self._whole, self._parts, cv2.INTER_LINEAR, dst=self._drawing, borderMode=border
        )
        return self._drawing
