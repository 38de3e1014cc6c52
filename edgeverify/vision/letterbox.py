"""A whole picture in the detector's square, its sides kept in proportion, black around it.

As ImageToTensorCalculator of MediaPipe 0.10.21 does (`keep_aspect_ratio`, `BORDER_ZERO`,
`output_tensor_float_range` -1 to 1): bilinear, a pixel's corner on a pixel's corner.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from edgeverify.domain import RgbImage
from edgeverify.vision.decoding import INPUT
from edgeverify.vision.sampling import Places

_BLACK = -1.0
_PER_VALUE = np.float32(2 / 255)


class Letterbox:
    """The detector's input, made in the same memory for each picture."""

    def __init__(self) -> None:
        self.batch: NDArray[np.float32] = np.empty((1, INPUT, INPUT, 3), np.float32)
        """What the network is given, -1 to 1."""
        self.side = 0.0
        """Frame pixels per side of the square."""
        self.left = 0.0
        """Frame pixels from the square's left to the picture's."""
        self.top = 0.0
        """Frame pixels from the square's top to the picture's."""
        self._shape: tuple[int, ...] = ()

    def fill(self, rgb: RgbImage) -> None:
        """Put a picture, uint8 (h, w, 3), into the square."""
        if rgb.shape != self._shape:
            self._lay(*rgb.shape[:2])
            self._shape = rgb.shape
        drawn = self._places.draw(rgb, cv2.BORDER_CONSTANT)
        np.multiply(drawn, _PER_VALUE, out=self._inner)
        np.subtract(self._inner, np.float32(1), out=self._inner)

    def _lay(self, height: int, width: int) -> None:
        """Find the picture's place in the square: only what holds something of it is drawn."""
        self.side = float(max(height, width))
        self.left, self.top = (self.side - width) / 2, (self.side - height) / 2
        step = self.side / INPUT
        x0, x1 = _touched(self.left, width, step)
        y0, y1 = _touched(self.top, height, step)
        self._places = Places(x1 - x0, y1 - y0)
        self._places.lay(
            np.array([[step, 0, x0 * step - self.left], [0, step, y0 * step - self.top]])
        )
        self.batch[...] = _BLACK
        self._inner = self.batch[0, y0:y1, x0:x1]


def _touched(offset: float, length: int, step: float) -> tuple[int, int]:
    """Return the first, and one after the last, square pixel that touches the picture."""
    # The picture's outermost pixels blend into black for one pixel more.
    first = max(0, math.floor((offset - 1) / step))
    last = min(INPUT, math.ceil((offset + length) / step))
    return first, last
