"""MediaPipe in an environment of its own, asked picture by picture over pipes.

Reads a line of JSON for each request from standard input, and answers with one.
`{"do": "look", "shape": [h, w]}`, followed by the picture's RGB bytes: all faces, each with its
mesh. `{"do": "mesh", "square": [x, y, width, height, rotation]}`: the mesh in that square of the
same picture, in its widths and heights. `{"do": "constants"}`: the options of every calculator in
its graphs. Needs `requirements/mediapipe.lock`.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import numpy as np


def main() -> None:
    """Answer until standard input ends; what native code prints goes to nowhere."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    yardstick = Yardstick(float(sys.argv[1]))
    while line := sys.stdin.buffer.readline():
        asked = json.loads(line)
        answers.write(json.dumps(yardstick.answer(asked)) + "\n")
        answers.flush()


class Yardstick:
    """Detector and mesh as MediaPipe's graphs make them."""

    def __init__(self, min_score: float) -> None:
        from graphs import DETECT, FROM_DETECTION, FROM_SQUARE, Graph  # noqa: PLC0415 - silent by now

        self._detector = Graph(DETECT, min_score)
        self._first = Graph(FROM_DETECTION, min_score)
        self._next = Graph(FROM_SQUARE, min_score)
        self._rgb: Any = None

    def answer(self, asked: dict[str, Any]) -> object:
        """Do what is asked."""
        if asked["do"] == "constants":
            return constants()
        if asked["do"] == "mesh":
            return self.mesh(asked["square"])
        height, width = asked["shape"]
        raw = sys.stdin.buffer.read(height * width * 3)
        self._rgb = np.frombuffer(raw, np.uint8).reshape(height, width, 3)
        return [self.face(detection) for detection in self.detections()]

    def detections(self) -> list[Any]:
        """All faces, as MediaPipe's messages."""
        from graphs import mp  # noqa: PLC0415

        packet = self._detector.run(self._rgb)
        return [] if packet is None else list(mp.packet_getter.get_proto_list(packet))

    def face(self, detection: Any) -> dict[str, Any]:
        """Score, box, points and mesh of one face, in pixels of the picture."""
        height, width = self._rgb.shape[:2]
        location = detection.location_data
        box = location.relative_bounding_box
        corners = (box.xmin, box.ymin, box.xmin + box.width, box.ymin + box.height)
        mesh = self._first.run(self._rgb, detection=detection)
        return {
            "score": detection.score[0],
            "box": [value * side for value, side in zip(corners, (width, height) * 2, strict=True)],
            "points": [(p.x * width, p.y * height) for p in location.relative_keypoints],
            "mesh": _landmarks(mesh, width, height),
        }

    def mesh(self, square: list[float]) -> list[tuple[float, float, float]] | None:
        """Mesh in a square of the last picture."""
        from mediapipe.framework.formats import rect_pb2  # noqa: PLC0415

        height, width = self._rgb.shape[:2]
        names = ("x_center", "y_center", "width", "height", "rotation")
        rect = rect_pb2.NormalizedRect(**dict(zip(names, square, strict=True)))
        return _landmarks(self._next.run(self._rgb, square=rect), width, height)


def _landmarks(packet: Any, width: int, height: int) -> list[tuple[float, float, float]] | None:
    from graphs import mp  # noqa: PLC0415

    if packet is None:
        return None
    found = mp.packet_getter.get_proto(packet).landmark
    return [(p.x * width, p.y * height, p.z * width) for p in found]


def constants() -> dict[str, list[str]]:
    """Options of the calculators as text, in the graph's order."""
    from google.protobuf import text_format  # noqa: PLC0415
    from graphs import DETECT, FROM_DETECTION, expanded  # noqa: PLC0415
    from mediapipe.calculators.tensor import (  # noqa: PLC0415
        image_to_tensor_calculator_pb2,
        tensors_to_detections_calculator_pb2,
    )
    from mediapipe.calculators.tflite import ssd_anchors_calculator_pb2  # noqa: PLC0415

    kinds = (
        image_to_tensor_calculator_pb2.ImageToTensorCalculatorOptions,
        tensors_to_detections_calculator_pb2.TensorsToDetectionsCalculatorOptions,
        ssd_anchors_calculator_pb2.SsdAnchorsCalculatorOptions,
    )
    found: dict[str, list[str]] = {}
    for text in (DETECT, FROM_DETECTION):
        for node in expanded(text, 0.5).node:
            said = [str(node.options).strip()]
            for packed in node.node_options:
                for kind in kinds:
                    if packed.Is(kind.DESCRIPTOR):
                        options = kind()
                        packed.Unpack(options)
                        said.append(text_format.MessageToString(options).strip())
            found.setdefault(node.calculator, []).append("\n".join(filter(None, said)))
    return found


if __name__ == "__main__":
    main()
