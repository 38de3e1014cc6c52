"""468 points on the face that the detector meant (MediaPipe face mesh; arXiv 1907.06724).

The mesh network, run by LiteRT, is given a turned square around that face, so it cannot pick a
neighbour, and once more the square around its own first answer, as MediaPipe does from frame to
frame in video; here within one frame, so that the result never depends on the frame before.

What the mesh says about the eyes and about which way a head is turned is read from it here (pure).
The latter in closed form from the mesh's own depth: two axes are enough: across the face (pairs of
points that mirror each other) and up the face (pairs on its middle line). No camera is assumed: the
mesh is a weak-perspective model.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from edgeverify.domain import Face, FaceBox, HeadPose, Points, RgbImage
from edgeverify.errors import RuntimeUnavailableError
from edgeverify.runtime.litert import LiteRtNetwork
from edgeverify.vision.region import Region, Square, region_of_box, region_of_mesh

# Image left (the person's right) to image right: eye corners, cheek rims, mouth corners.
_ACROSS = np.array([(33, 133, 234, 127, 61), (263, 362, 454, 356, 291)])
# Low to high on the middle line: chin to forehead, nose base to nose bridge, lip to brow.
_UP = np.array([(152, 2, 164), (10, 168, 9)])
# A face that looks straight at the camera leans back by this much along those lines.
NEUTRAL_PITCH_DEGREES = 0.0


def head_pose(mesh: Points) -> HeadPose:
    """Return degrees, signs as in `HeadPose`; `mesh` is (468, 3), z away from the camera."""
    ax, ay, az = _sum_of_vectors(mesh, _ACROSS)
    yaw = math.atan2(az, math.hypot(ax, ay))
    roll = math.atan2(ay, ax)
    length = max(math.hypot(ax, ay, az), 1e-9)
    ax, ay, az = ax / length, ay / length, az / length
    ux, uy, uz = _sum_of_vectors(mesh, _UP)
    along = ux * ax + uy * ay + uz * az
    ux, uy, uz = ux - ax * along, uy - ay * along, uz - az * along
    # A head that pitches and then turns shows sin(pitch) * cos(yaw) of its up axis as depth.
    lean = uz / max(math.hypot(ux, uy, uz) * math.cos(yaw), 1e-9)
    pitch = math.asin(min(1.0, max(-1.0, lean)))
    return HeadPose(
        yaw_degrees=math.degrees(yaw),
        pitch_degrees=math.degrees(pitch) - NEUTRAL_PITCH_DEGREES,
        roll_degrees=math.degrees(roll),
    )


def _sum_of_vectors(mesh: Points, ends: NDArray[np.intp]) -> tuple[float, float, float]:
    """Add up the vectors from the first row of points to the second; their length says nothing."""
    low, high = mesh[ends].sum(axis=1, dtype=np.float64).tolist()
    return high[0] - low[0], high[1] - low[1], high[2] - low[2]


# Mesh points on the lids: upper and lower, two pairs an eye.
_LIDS = np.array([160, 144, 158, 153, 387, 373, 385, 380])
_LENGTH = np.array([10, 2])  # forehead, base of the nose
WIDTH_OF_LENGTH = 0.266
"""Of an eye, of that length: median of 782 frames of NUAA and GRID that look ahead (90 % of them
0.248 to 0.289)."""
_RIGHT_CENTRE = (33, 133, 159, 145)
_LEFT_CENTRE = (263, 362, 386, 374)
_CENTRES = np.array([_RIGHT_CENTRE, _LEFT_CENTRE])


def eye_distance(mesh: Points) -> float:
    """Return pixels between the eye centres, in the picture's plane; `mesh` is (468, 2 or 3)."""
    right, left = mesh[_CENTRES, :2].sum(axis=1).tolist()
    return math.dist(right, left) / len(_RIGHT_CENTRE)


def eye_aspect_ratio(mesh: Points) -> float:
    """Return how open the eyes are, mean over both; about 0.3 open, below 0.2 shut.

    Height by width of the eyes. Source: Soukupova and Cech, Real-Time Eye Blink Detection using
    Facial Landmarks, CVWW 2016. The width is taken from the length of the face (forehead to nose)
    instead of from the eyes' corners, so that a picture that is tilted, whose eyes and face get
    lower together, does not read as eyes that shut.
    """
    points = mesh[_LIDS, :2].tolist()
    heights = sum(math.dist(upper, lower) for upper, lower in zip(*[iter(points)] * 2, strict=True))
    length = math.dist(*mesh[_LENGTH, :2].tolist())
    return heights / (4 * WIDTH_OF_LENGTH * length) if length > 1e-6 else 0.0


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
