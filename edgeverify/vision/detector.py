"""Where faces are: MediaPipe's full-range detector (BlazeFace; arXiv 1907.05047), run by LiteRT.

It was made for faces up to five metres away and misses some that fill half the picture: 14 of
3,074 LFW pictures, all of which it finds with confidence once the picture is half as large. So a
picture in which nothing was found is looked at once more, at half its size. Beside a smaller face
it misses more of them; `look_nearer` is for those.

It sees a whole picture in its square, the sides kept in proportion, black around it, as
ImageToTensorCalculator of MediaPipe 0.10.21 does it (`keep_aspect_ratio`,
`BORDER_ZERO`, `output_tensor_float_range` -1 to 1): bilinear, a pixel's corner on a pixel's corner.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from edgeverify.domain import FaceBox, RgbImage
from edgeverify.errors import RuntimeUnavailableError
from edgeverify.runtime.litert import LiteRtNetwork
from edgeverify.vision.decoding import ANCHORS, INPUT, VALUES, Detection, decode
from edgeverify.vision.region import Places

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


DOUBTFUL = 0.7
"""A nearest face of less confidence may be one behind the person at the door: of such, and of faces
too small to be compared, all that hid one in front of them were (docs/accuracy.md)."""

_AS_LARGE = 1.5
"""Two boxes of one face differ by less; a larger one around a small face is another face."""

_MAX_SIDE = 32_000
"""OpenCV counts the pixels of a side in 15 bits when it shrinks a picture."""


class FullRangeDetector:
    """A `FaceDetector` on MediaPipe's full-range network."""

    def __init__(
        self, network: LiteRtNetwork, *, min_confidence: float, second_look: bool = True
    ) -> None:
        """`second_look` False is for measuring what the second look wins."""
        self._network = network
        self._min_confidence = min_confidence
        self._second_look = second_look
        self._letterbox = Letterbox()

    def detect(self, rgb: RgbImage, *, twice: bool = True) -> tuple[FaceBox, ...]:
        """Return all faces as `FaceDetector.detect` says; none in a picture over 32,000 pixels."""
        if rgb.size == 0 or max(rgb.shape[:2]) > _MAX_SIDE:
            return ()
        found = self._look(rgb)
        if not found and self._second_look and twice:
            found = self._look_at_half_size(rgb)
        return _sorted(found)

    def look_nearer(
        self, rgb: RgbImage, found: tuple[FaceBox, ...], *, smallest: float
    ) -> tuple[FaceBox, ...]:
        """Return all faces as `FaceDetector.look_nearer` says."""
        nearest = max(found, key=lambda box: box.eye_distance, default=None)
        if nearest is None or not self._second_look:
            return found
        if nearest.confidence >= DOUBTFUL and nearest.eye_distance >= smallest:
            return found
        again = self._look_at_half_size(rgb)
        nearer = [box for box in again if box.eye_distance > nearest.eye_distance]
        return _sorted([*found, *(box for box in nearer if not _is_among(box, found))])

    def close(self) -> None:
        """Release the network."""
        self._network.close()

    def _look_at_half_size(self, rgb: RgbImage) -> list[FaceBox]:
        small, factor, left, top = _half_size(rgb)
        return [_placed(box, factor, left, top) for box in self._look(small)]

    def _look(self, rgb: RgbImage) -> list[FaceBox]:
        self._letterbox.fill(rgb)
        boxes, logits = self._network.run(self._letterbox.batch)
        if boxes.shape != (1, ANCHORS, VALUES) or logits.shape != (1, ANCHORS, 1):
            raise RuntimeUnavailableError(
                f"the network {self._network.name} answers in a shape that faces do not have",
                advice="Fetch its bundle again with `edgeverify models fetch`.",
            )
        found = decode(boxes[0], logits[0, :, 0], self._min_confidence)
        return [_box(each, self._letterbox) for each in found]


def _sorted(found: Iterable[FaceBox]) -> tuple[FaceBox, ...]:
    return tuple(sorted(found, key=lambda box: (-box.confidence, box.left, box.top)))


def _is_among(box: FaceBox, found: Sequence[FaceBox]) -> bool:
    """Return whether a face is one of those found: as large, and one's middle in the other."""
    return any(
        box.eye_distance < _AS_LARGE * one.eye_distance and (_holds(one, box) or _holds(box, one))
        for one in found
    )


def _holds(outer: FaceBox, inner: FaceBox) -> bool:
    x, y = inner.centre
    return outer.left <= x <= outer.right and outer.top <= y <= outer.bottom


def _half_size(rgb: RgbImage) -> tuple[RgbImage, float, int, int]:
    """Shrink a picture into the middle half of the network's square.

    Returns it with what leads back: frame pixels per small pixel, and its left and top corner.
    """
    height, width = rgb.shape[:2]
    factor = max(height, width) / (INPUT / 2)
    # Every few pixels is enough to average over, and much faster than all of them.
    step = max(1, int(factor / 4))
    size = (max(1, round(width / factor)), max(1, round(height / factor)))
    inner = cv2.resize(rgb[::step, ::step], size, interpolation=cv2.INTER_AREA)
    canvas: RgbImage = np.zeros((INPUT, INPUT, 3), np.uint8)
    left, top = (INPUT - size[0]) // 2, (INPUT - size[1]) // 2
    canvas[top : top + size[1], left : left + size[0]] = inner
    return canvas, factor, left, top


def _placed(box: FaceBox, factor: float, left: int, top: int) -> FaceBox:
    def at(point: tuple[float, float]) -> tuple[float, float]:
        return (point[0] - left) * factor, (point[1] - top) * factor

    (x0, y0), (x1, y1) = at((box.left, box.top)), at((box.right, box.bottom))
    return replace(
        box,
        left=x0,
        top=y0,
        right=x1,
        bottom=y1,
        right_eye=at(box.right_eye),
        left_eye=at(box.left_eye),
    )


def _box(detection: Detection, letterbox: Letterbox) -> FaceBox:
    side, left, top = letterbox.side, letterbox.left, letterbox.top

    def at(point: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> tuple[float, float]:
        return float(point[0]) * side - left, float(point[1]) * side - top

    (x0, y0), (x1, y1) = at(detection.box[:2]), at(detection.box[2:])
    return FaceBox(
        left=x0,
        top=y0,
        right=x1,
        bottom=y1,
        confidence=min(1.0, max(0.0, detection.score)),
        right_eye=at(detection.points[0]),
        left_eye=at(detection.points[1]),
    )
