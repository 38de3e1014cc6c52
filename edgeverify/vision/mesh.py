"""468 points on the face that the detector meant (MediaPipe face mesh; arXiv 1907.06724).

The mesh network, run by LiteRT, is given a turned square around that face, so it cannot pick a
neighbour, and once more the square around its own first answer, as MediaPipe does from frame to
frame in video; here within one frame, so that the result never depends on the frame before.
"""

from __future__ import annotations

import math

import numpy as np

from edgeverify.domain import Face, FaceBox, Points, RgbImage
from edgeverify.errors import RuntimeUnavailableError
from edgeverify.runtime.litert import LiteRtNetwork
from edgeverify.vision.eyes import eye_aspect_ratio, eye_distance
from edgeverify.vision.head_pose import head_pose
from edgeverify.vision.region import Region, Square, region_of_box, region_of_mesh

# MediaPipe's own margin, from a detection and from a mesh alike: `scale_x` and `scale_y` of the
# RectTransformationCalculators in its graph FaceLandmarkFrontCpu.
MARGIN = 1.5
POINTS = 468  # `num_landmarks` of TensorsToLandmarksCalculator
# ThresholdingCalculator: a face where the sigmoid of the network's flag is above 0.5.
_MIN_FLAG = 0.0
# The mesh is the detector's face when their centres are this close, in widths of the box, and
# their eye distances differ by no more than this factor.
_MAX_SHIFT = 0.5
_MAX_EYE_RATIO = 2.0


class SquareMesher:
    """A `FaceMesher` on MediaPipe's mesh network."""

    def __init__(self, network: LiteRtNetwork, *, passes: int = 2, margin: float = MARGIN) -> None:
        """Run it `passes` times per face, on a square of `margin` sides of the face."""
        self._network = network
        self._passes = passes
        self._margin = margin
        self._square = Square()

    def mesh(self, rgb: RgbImage, box: FaceBox) -> Face | None:
        """Return the face in `box`; None where no mesh fits it or it fits another face."""
        mesh = self._points(rgb, region_of_box(box, self._margin))
        for _ in range(self._passes - 1):
            if mesh is None:
                return None
            mesh = self._points(rgb, region_of_mesh(mesh, self._margin))
        return None if mesh is None or not is_of(mesh, box) else face_of(mesh, box)

    def follow(self, rgb: RgbImage, previous: Face) -> Face | None:
        """Return the same face in the next frame, without detection; None where it was lost.

        Only for frames that do not count: a swap of persons would go unseen.
        """
        mesh = self._points(rgb, region_of_mesh(previous.mesh, self._margin))
        if mesh is None:
            return None
        box = _moved(previous.box, previous.mesh, mesh)
        return face_of(mesh, box) if is_of(mesh, box) else None

    def close(self) -> None:
        """Release the network."""
        self._network.close()

    def _points(self, rgb: RgbImage, region: Region) -> Points | None:
        self._square.fill(rgb, region)
        answer, flag = self._network.run(self._square.batch)
        if answer.size != POINTS * 3 or flag.size != 1:
            raise RuntimeUnavailableError(
                f"the network {self._network.name} answers in a shape that a mesh does not have",
                advice="Fetch its bundle again with `edgeverify models fetch`.",
            )
        if not flag.item() > _MIN_FLAG:
            return None
        mesh = region.project(answer.reshape(POINTS, 3))
        return mesh if np.isfinite(mesh).all() else None


def is_of(mesh: Points, box: FaceBox) -> bool:
    """Return whether a mesh is on the face that the detector meant, by its place and size."""
    x, y = (mesh[:, :2].sum(axis=0) / len(mesh)).tolist()
    shift = math.dist((x, y), box.centre)
    ratio = eye_distance(mesh) / max(box.eye_distance, 1e-6)
    return (
        shift <= _MAX_SHIFT * max(box.width, box.height)
        and 1 / _MAX_EYE_RATIO <= ratio <= _MAX_EYE_RATIO
    )


def face_of(mesh: Points, box: FaceBox) -> Face:
    """Put a mesh and the box that it belongs to together, with what is read off the mesh."""
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
