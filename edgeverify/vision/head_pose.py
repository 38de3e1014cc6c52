"""Which way a head is turned, in closed form from the mesh's own depth (pure).

Two axes are enough: across the face (pairs of points that mirror each other) and up the face
(pairs on its middle line). No camera is assumed: the mesh is a weak-perspective model.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from edgeverify.domain import HeadPose, Points

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
