"""MediaPipe's own graphs, run as the product ran them until it wrote them out itself.

For the environment of `requirements/mediapipe.lock` alone, in which nothing of the product is
installed. The graphs run in the caller's thread, each network on one thread of its own.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

os.environ.setdefault("GLOG_minloglevel", "3")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import mediapipe.python as mp
from google.protobuf import text_format
from mediapipe.calculators.tensor import (
    inference_calculator_pb2,
    tensors_to_detections_calculator_pb2,
)
from mediapipe.framework import calculator_pb2
from mediapipe.python._framework_bindings import (
    resource_util,
    validated_graph_config,
)

DETECT = """
input_stream: "IMAGE:image"
output_stream: "DETECTIONS:out"
node {
  calculator: "FaceDetectionFullRangeCpu"
  input_stream: "IMAGE:image"
  output_stream: "DETECTIONS:out"
}
"""

# The square around a face as MediaPipe's own FaceLandmarkFrontCpu lays it, and the mesh in it.
FROM_DETECTION = """
input_stream: "IMAGE:image"
input_stream: "DETECTION:detection"
input_side_packet: "with_attention"
output_stream: "out"
node {
  calculator: "ImagePropertiesCalculator"
  input_stream: "IMAGE:image"
  output_stream: "SIZE:size"
}
node {
  calculator: "FaceDetectionFrontDetectionToRoi"
  input_stream: "DETECTION:detection"
  input_stream: "IMAGE_SIZE:size"
  output_stream: "ROI:square"
}
node {
  calculator: "FaceLandmarkCpu"
  input_stream: "IMAGE:image"
  input_stream: "ROI:square"
  input_side_packet: "WITH_ATTENTION:with_attention"
  output_stream: "LANDMARKS:out"
}
"""

# The mesh in a square that is given.
FROM_SQUARE = """
input_stream: "IMAGE:image"
input_stream: "ROI:square"
input_side_packet: "with_attention"
output_stream: "out"
node {
  calculator: "FaceLandmarkCpu"
  input_stream: "IMAGE:image"
  input_stream: "ROI:square"
  input_side_packet: "WITH_ATTENTION:with_attention"
  output_stream: "LANDMARKS:out"
}
"""


class Graph:
    """One running graph, fed picture by picture; every run is independent of the last."""

    def __init__(self, text: str, min_score: float) -> None:
        self._packet: Any = None
        self._time = 0
        self._graph = mp.CalculatorGraph(graph_config=expanded(text, min_score))
        self._graph.observe_output_stream("out", self._keep, True)  # noqa: FBT003
        side = "with_attention" in text
        switch = {"with_attention": mp.packet_creator.create_bool(False)} if side else {}  # noqa: FBT003
        self._graph.start_run(switch)

    def _keep(self, _stream: str, packet: Any) -> None:
        self._packet = packet

    def run(self, rgb: Any, **protos: Any) -> Any:
        """Feed one picture, uint8 (h, w, 3), and messages; a packet, or None where nothing came."""
        self._packet = None
        self._time += 1
        image = mp.packet_creator.create_image_frame(
            data=np.ascontiguousarray(rgb), image_format=mp.ImageFormat.SRGB
        )
        self._graph.add_packet_to_input_stream("image", image.at(self._time))
        for name, proto in protos.items():
            packet = mp.packet_creator.create_proto(proto)
            self._graph.add_packet_to_input_stream(name, packet.at(self._time))
        self._graph.wait_until_idle()
        packet, self._packet = self._packet, None
        return None if packet is None or packet.is_empty() else packet


def expanded(text: str, min_score: float) -> Any:
    """Write a graph out with its sub-graphs, one thread per network, at a detection threshold."""
    resource_util.set_resource_dir(str(Path(mp.__file__).parent.parent.parent))
    validated = validated_graph_config.ValidatedGraphConfig()
    graph = text_format.Parse(text, calculator_pb2.CalculatorGraphConfig())
    validated.initialize(graph_config=graph)
    config = calculator_pb2.CalculatorGraphConfig()
    config.ParseFromString(validated.binary_config)
    config.ClearField("num_threads")
    del config.executor[:]
    config.executor.add(type="ApplicationThreadExecutor")
    inference = inference_calculator_pb2.InferenceCalculatorOptions
    detections = tensors_to_detections_calculator_pb2.TensorsToDetectionsCalculatorOptions
    for node in config.node:
        if node.calculator == "InferenceCalculatorCpu":
            _change(node, inference, _one_thread)
        elif node.calculator == "TensorsToDetectionsCalculator":
            _change(node, detections, lambda found: setattr(found, "min_score_thresh", min_score))
    return config


def _one_thread(options: Any) -> None:
    options.delegate.xnnpack.num_threads = 1


def _change(node: Any, kind: Any, change: Any) -> None:
    """Change a node's options, which stand either in an `Any` or in an extension."""
    for packed in node.node_options:
        if packed.Is(kind.DESCRIPTOR):
            options = kind()
            packed.Unpack(options)
            change(options)
            packed.Pack(options)
            return
    change(node.options.Extensions[kind.ext])
