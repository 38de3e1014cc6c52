"""Where faces are: MediaPipe's full-range detector (BlazeFace; arXiv 1907.05047).

It was made for faces up to five metres away and misses some that fill half the picture: 14 of
3,074 LFW pictures, all of which it finds with confidence once the picture is half as large. So a
picture in which nothing was found is looked at once more, at half its size.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import cv2
import numpy as np

from edgeverify.domain import FaceBox, RgbImage
from edgeverify.settings import VisionSettings
from edgeverify.vision.graph import Graph, quiet_native_logs

_GRAPH = """
input_stream: "IMAGE:image"
output_stream: "DETECTIONS:detections"
node {
  calculator: "FaceDetectionFullRangeCpu"
  input_stream: "IMAGE:image"
  output_stream: "DETECTIONS:detections"
}
"""


class FaceDetector:
    """Finds all faces of a picture; every call is independent of the calls before."""

    def __init__(
        self, settings: VisionSettings, *, threads: int = 1, second_look: bool = True
    ) -> None:
        """Load the network; `second_look` False is for measuring what the second look wins."""
        self._second_look = second_look
        self._graph = Graph(
            _GRAPH,
            output="detections",
            threads=threads,
            min_score=settings.min_detection_confidence,
        )
        with quiet_native_logs():
            self.detect(np.zeros((192, 192, 3), np.uint8))

    def detect(self, rgb: RgbImage, *, twice: bool = True) -> tuple[FaceBox, ...]:
        """All faces, the most confident first; `rgb` is uint8 (h, w, 3).

        `twice` False leaves the second look out, for frames that do not count.
        """
        if rgb.size == 0:
            return ()
        found = self._look(rgb)
        if not found and self._second_look and twice:
            small, factor, left, top = _half_size(rgb)
            found = [_placed(box, factor, left, top) for box in self._look(small)]
        return tuple(sorted(found, key=lambda box: (-box.confidence, box.left, box.top)))

    def _look(self, rgb: RgbImage) -> list[FaceBox]:
        height, width = rgb.shape[:2]
        packet = self._graph.run(rgb)
        found = [] if packet is None else self._graph.protos(packet)
        return [_box(detection, width, height) for detection in found]

    def close(self) -> None:
        """Free the graph."""
        self._graph.close()


# The side of the square that the detector's network sees.
_INPUT = 192


def _half_size(rgb: RgbImage) -> tuple[RgbImage, float, int, int]:
    """Shrink a picture into the middle half of the network's square.

    Returns it with what leads back: frame pixels per small pixel, and its left and top corner.
    """
    height, width = rgb.shape[:2]
    factor = max(height, width) / (_INPUT / 2)
    # Every so many pixels is enough to average over, and much faster than all of them.
    step = max(1, int(factor / 4))
    size = (max(1, round(width / factor)), max(1, round(height / factor)))
    inner = cv2.resize(rgb[::step, ::step], size, interpolation=cv2.INTER_AREA)
    canvas: RgbImage = np.zeros((_INPUT, _INPUT, 3), np.uint8)
    left, top = (_INPUT - size[0]) // 2, (_INPUT - size[1]) // 2
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


def _box(detection: Any, width: int, height: int) -> FaceBox:
    location = detection.location_data
    box = location.relative_bounding_box
    # MediaPipe's order: right eye, left eye, nose tip, mouth, right and left ear.
    right_eye, left_eye = location.relative_keypoints[:2]
    return FaceBox(
        left=box.xmin * width,
        top=box.ymin * height,
        right=(box.xmin + box.width) * width,
        bottom=(box.ymin + box.height) * height,
        confidence=min(1.0, max(0.0, detection.score[0])),
        right_eye=(right_eye.x * width, right_eye.y * height),
        left_eye=(left_eye.x * width, left_eye.y * height),
    )
