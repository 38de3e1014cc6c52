"""Where faces are: MediaPipe's full-range detector (BlazeFace; arXiv 1907.05047), run by LiteRT.

It was made for faces up to five metres away and misses some that fill half the picture: 14 of
3,074 LFW pictures, all of which it finds with confidence once the picture is half as large. So a
picture in which nothing was found is looked at once more, at half its size.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from edgeverify.domain import FaceBox, RgbImage
from edgeverify.errors import RuntimeUnavailableError
from edgeverify.runtime.litert import LiteRtNetwork
from edgeverify.vision.decoding import ANCHORS, INPUT, VALUES, Detection, decode
from edgeverify.vision.letterbox import Letterbox

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
            small, factor, left, top = _half_size(rgb)
            found = [_placed(box, factor, left, top) for box in self._look(small)]
        return tuple(sorted(found, key=lambda box: (-box.confidence, box.left, box.top)))

    def close(self) -> None:
        """Release the network."""
        self._network.close()

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
