"""A MediaPipe graph with a known number of threads that says nothing on standard error.

`mp.solutions` runs its networks on one thread and puts its own detector before the mesh. The
graphs underneath it (MediaPipe 0.10, `FaceDetectionFullRangeCpu`, `FaceLandmarkCpu`) can be run
by themselves, on the face that *we* mean instead of the first that their detector finds. They run
in the caller's own thread: handing a frame from thread to thread cost half a millisecond.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from edgeverify.domain import RgbImage

os.environ.setdefault("GLOG_minloglevel", "3")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


_ONE_AT_A_TIME = threading.RLock()
"""Two threads that both saved and restored descriptor 2 could leave it at nowhere for ever."""


@contextlib.contextmanager
def quiet_native_logs() -> Iterator[None]:
    """Send what native code writes to file descriptor 2 to nowhere.

    MediaPipe and TensorFlow Lite log to it before their own switches are read; it is only used
    while a graph is made and run for the first time. Whoever logs meanwhile needs a descriptor of
    its own (`running.run_daemon`).
    """
    with _ONE_AT_A_TIME:
        sys.stderr.flush()
        saved = os.dup(2)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, 2)
            yield
        finally:
            os.dup2(saved, 2)
            os.close(saved)
            os.close(nowhere)


class Graph:
    """One running MediaPipe graph, fed packet by packet; every run is independent of the last."""

    def __init__(
        self,
        text: str,
        *,
        output: str,
        threads: int,
        side_packets: Mapping[str, bool] | None = None,
        min_score: float | None = None,
    ) -> None:
        """`text` is the graph as text proto; `min_score` sets the detection threshold (0 to 1)."""
        with quiet_native_logs():
            import mediapipe.python as mediapipe  # noqa: PLC0415 - heavy, and loud

            self._mediapipe = mediapipe
            self._output = output
            self._packet: Any = None
            self._time = 0
            self._graph = mediapipe.CalculatorGraph(
                graph_config=_expanded(text, threads=threads, min_score=min_score)
            )
            self._graph.observe_output_stream(output, self._keep, True)  # noqa: FBT003
            self._graph.start_run(
                {
                    name: mediapipe.packet_creator.create_bool(value)
                    for name, value in (side_packets or {}).items()
                }
            )

    def _keep(self, _stream: str, packet: Any) -> None:
        self._packet = packet

    def run(self, rgb: RgbImage, **protos: Any) -> Any:
        """Feed one picture (stream `image`) and any protos; the output packet, or None if empty.

        The picture is handed over without a copy.
        """
        self._packet = None
        self._time += 1
        view = np.ascontiguousarray(rgb).view()
        view.flags.writeable = False  # MediaPipe shares only pixels that nobody changes
        create = self._mediapipe.packet_creator
        image = create.create_image_frame(
            data=view, image_format=self._mediapipe.ImageFormat.SRGB, copy=False
        )
        self._graph.add_packet_to_input_stream("image", image.at(self._time))
        for name, proto in protos.items():
            packet = create.create_proto(proto)
            self._graph.add_packet_to_input_stream(name, packet.at(self._time))
        self._graph.wait_until_idle()
        packet, self._packet = self._packet, None
        return None if packet is None or packet.is_empty() else packet

    def proto(self, packet: Any) -> Any:
        """Return the message in a packet."""
        return self._mediapipe.packet_getter.get_proto(packet)

    def protos(self, packet: Any) -> list[Any]:
        """Return the list of messages in a packet."""
        return list(self._mediapipe.packet_getter.get_proto_list(packet))

    def close(self) -> None:
        """Stop the graph; a second call does nothing."""
        if self._graph is not None:
            self._graph.close()
            self._graph = None


def _expanded(text: str, *, threads: int, min_score: float | None) -> Any:
    """Write the graph out with its sub-graphs, with threads and threshold set.

    `threads` are those of a network's arithmetic; the graph itself has none of its own.
    """
    import mediapipe  # noqa: PLC0415
    from google.protobuf import text_format  # noqa: PLC0415
    from mediapipe.calculators.tensor import (  # noqa: PLC0415
        inference_calculator_pb2,
        tensors_to_detections_calculator_pb2,
    )
    from mediapipe.framework import calculator_pb2  # noqa: PLC0415
    from mediapipe.python._framework_bindings import (  # noqa: PLC0415
        resource_util,
        validated_graph_config,
    )

    resource_util.set_resource_dir(str(Path(mediapipe.__file__).parent.parent))
    validated = validated_graph_config.ValidatedGraphConfig()
    validated.initialize(
        graph_config=text_format.Parse(text, calculator_pb2.CalculatorGraphConfig())
    )
    config = calculator_pb2.CalculatorGraphConfig()
    config.ParseFromString(validated.binary_config)
    config.ClearField("num_threads")
    del config.executor[:]
    config.executor.add(type="ApplicationThreadExecutor")
    inference = inference_calculator_pb2.InferenceCalculatorOptions
    detections = tensors_to_detections_calculator_pb2.TensorsToDetectionsCalculatorOptions
    for node in config.node:
        if node.calculator == "InferenceCalculatorCpu":
            _set(node, inference, lambda o: setattr(o.delegate.xnnpack, "num_threads", threads))
        elif node.calculator == "TensorsToDetectionsCalculator" and min_score is not None:
            _set(node, detections, lambda o: setattr(o, "min_score_thresh", min_score))
    return config


def _set(node: Any, kind: Any, change: Any) -> None:
    """Change a node's options, which stand either in an `Any` or in an extension."""
    for packed in node.node_options:
        if packed.Is(kind.DESCRIPTOR):
            options = kind()
            packed.Unpack(options)
            change(options)
            packed.Pack(options)
            return
    change(node.options.Extensions[kind.ext])
