"""Where faces are: MediaPipe's full-range detector (BlazeFace; arXiv 1907.05047)."""

from __future__ import annotations

from typing import Any

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

    def __init__(self, settings: VisionSettings, *, threads: int = 2) -> None:
        self._graph = Graph(
            _GRAPH,
            output="detections",
            threads=threads,
            min_score=settings.min_detection_confidence,
        )
        with quiet_native_logs():
            self.detect(np.zeros((192, 192, 3), np.uint8))

    def detect(self, rgb: RgbImage) -> tuple[FaceBox, ...]:
        """All faces, the most confident first; `rgb` is uint8 (h, w, 3)."""
        height, width = rgb.shape[:2]
        packet = self._graph.run(rgb)
        found = [] if packet is None else self._graph.protos(packet)
        boxes = [_box(detection, width, height) for detection in found]
        return tuple(sorted(boxes, key=lambda box: (-box.confidence, box.left, box.top)))

    def close(self) -> None:
        """Free the graph."""
        self._graph.close()


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
