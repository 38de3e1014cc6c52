"""468 points on the face that the detector meant (MediaPipe face mesh; arXiv 1907.06724).

The mesh network is run on a turned square around that face, so it cannot pick a neighbour, and
once more on the square around its own first answer, as MediaPipe does from frame to frame in
video; here within one frame, so that the result never depends on the frame before.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from edgeverify.domain import Face, FaceBox, Points, RgbImage
from edgeverify.vision.eyes import eye_aspect_ratio, eye_distance
from edgeverify.vision.graph import Graph, quiet_native_logs
from edgeverify.vision.head_pose import head_pose
from edgeverify.vision.region import Region, region_of_box, region_of_mesh

_GRAPH = """
input_stream: "IMAGE:image"
input_stream: "ROI:region"
input_side_packet: "WITH_ATTENTION:with_attention"
output_stream: "LANDMARKS:landmarks"
node {
  calculator: "FaceLandmarkCpu"
  input_stream: "IMAGE:image"
  input_stream: "ROI:region"
  input_side_packet: "WITH_ATTENTION:with_attention"
  output_stream: "LANDMARKS:landmarks"
}
"""
# MediaPipe's own margin, from a detection and from a mesh alike.
_MARGIN = 1.5
_LANDMARK = np.dtype(
    [("head", "u1", 3), ("x", "<f4"), ("t", "u1"), ("y", "<f4"), ("u", "u1"), ("z", "<f4")]
)
# The mesh is the detector's face when their centres are this close, in widths of the box, and
# their eye distances differ by no more than this factor.
_MAX_SHIFT = 0.5
_MAX_EYE_RATIO = 2.0


class FaceMesher:
    """Puts the mesh on one face of a picture; every call is independent of the calls before."""

    def __init__(self, *, threads: int = 1, passes: int = 2, margin: float = _MARGIN) -> None:
        """Load the network; `passes` runs a face, on a square of `margin` sides of the face."""
        self._graph = Graph(
            _GRAPH, output="landmarks", threads=threads, side_packets={"with_attention": False}
        )
        self._passes = passes
        self._margin = margin
        from mediapipe.framework.formats import rect_pb2  # noqa: PLC0415 - heavy

        self._rect = rect_pb2.NormalizedRect
        with quiet_native_logs():
            self._points(
                np.zeros((192, 192, 3), np.uint8), Region(x=96, y=96, side=192, rotation=0)
            )

    def mesh(self, rgb: RgbImage, box: FaceBox) -> Face | None:
        """Find the face in `box`; None where no mesh fits it or it fits another face."""
        region = region_of_box(box, self._margin)
        mesh: Points | None = None
        for _ in range(self._passes):
            mesh = self._points(rgb, region)
            if mesh is None:
                return None
            region = region_of_mesh(mesh, self._margin)
        return None if mesh is None or not _is_of(mesh, box) else _face(mesh, box)

    def follow(self, rgb: RgbImage, previous: Face) -> Face | None:
        """Find the same face in the next frame, without detection; None where it was lost.

        Only for frames that do not count: a swap of persons would go unseen.
        """
        mesh = self._points(rgb, region_of_mesh(previous.mesh, self._margin))
        if mesh is None:
            return None
        box = _moved(previous.box, previous.mesh, mesh)
        return _face(mesh, box) if _is_of(mesh, box) else None

    def close(self) -> None:
        """Free the graph."""
        self._graph.close()

    def _points(self, rgb: RgbImage, region: Region) -> Points | None:
        height, width = rgb.shape[:2]
        rect = self._rect(
            x_center=region.x / width,
            y_center=region.y / height,
            width=region.side / width,
            height=region.side / height,
            rotation=region.rotation,
        )
        packet = self._graph.run(rgb, region=rect)
        if packet is None:
            return None
        mesh = _unpacked(self._graph.proto(packet))
        mesh *= np.array([width, height, width], np.float32)
        return mesh if mesh.shape == (468, 3) and np.isfinite(mesh).all() else None


def _unpacked(landmarks: Any) -> Points:
    """Unpack the list as float32 (n, 3); its wire form has a fixed stride, which is fast."""
    raw = landmarks.SerializeToString()
    count = len(landmarks.landmark)
    if len(raw) == count * _LANDMARK.itemsize:
        rows = np.frombuffer(raw, _LANDMARK)
        if (rows["head"] == (0x0A, 0x0F, 0x0D)).all() and (rows["t"] == 0x15).all():
            columns: Points = np.stack([rows["x"], rows["y"], rows["z"]], axis=1)
            return columns
    return np.array([(p.x, p.y, p.z) for p in landmarks.landmark], np.float32).reshape(-1, 3)


def _is_of(mesh: Points, box: FaceBox) -> bool:
    x, y = mesh[:, :2].mean(axis=0)
    shift = math.dist((float(x), float(y)), box.centre)
    ratio = eye_distance(mesh) / max(box.eye_distance, 1e-6)
    return (
        shift <= _MAX_SHIFT * max(box.width, box.height)
        and 1 / _MAX_EYE_RATIO <= ratio <= _MAX_EYE_RATIO
    )


def _face(mesh: Points, box: FaceBox) -> Face:
    return Face(
        box=box,
        mesh=mesh,
        pose=head_pose(mesh),
        eye_distance_pixels=eye_distance(mesh),
        eye_aspect_ratio=eye_aspect_ratio(mesh),
    )


def _moved(box: FaceBox, before: Points, after: Points) -> FaceBox:
    """Carry the box along and scale it as the mesh moved."""
    old, new = before[:, :2].mean(axis=0), after[:, :2].mean(axis=0)
    scale = float(np.ptp(after[:, 1]) / max(float(np.ptp(before[:, 1])), 1e-6))

    def at(x: float, y: float) -> tuple[float, float]:
        return (
            float(new[0] + (x - old[0]) * scale),
            float(new[1] + (y - old[1]) * scale),
        )

    left, top = at(box.left, box.top)
    right, bottom = at(box.right, box.bottom)
    return FaceBox(
        left=left,
        top=top,
        right=right,
        bottom=bottom,
        confidence=box.confidence,
        right_eye=at(*box.right_eye),
        left_eye=at(*box.left_eye),
    )
