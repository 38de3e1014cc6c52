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
_ACROSS = ((33, 263), (133, 362), (234, 454), (127, 356), (61, 291))
# Low to high on the middle line: chin to forehead, nose base to nose bridge, lip to brow.
_UP = ((152, 10), (2, 168), (164, 9))
# A face that looks straight at the camera leans back by this much along those lines.
NEUTRAL_PITCH_DEGREES = 0.0


def head_pose(mesh: Points) -> HeadPose:
    """Degrees, signs as in `HeadPose`; `mesh` is (468, 3), z growing away from the camera."""
    across = _mean_vector(mesh, _ACROSS)
    yaw = math.atan2(across[2], math.hypot(across[0], across[1]))
    roll = math.atan2(across[1], across[0])
    unit = across / max(float(np.linalg.norm(across)), 1e-9)
    up = _mean_vector(mesh, _UP)
    up = up - unit * float(up @ unit)
    # A head that pitches and then turns shows sin(pitch) * cos(yaw) of its up axis as depth.
    lean = up[2] / max(float(np.linalg.norm(up)) * math.cos(yaw), 1e-9)
    pitch = math.asin(min(1.0, max(-1.0, lean)))
    return HeadPose(
        yaw_degrees=math.degrees(yaw),
        pitch_degrees=math.degrees(pitch) - NEUTRAL_PITCH_DEGREES,
        roll_degrees=math.degrees(roll),
    )


def _mean_vector(mesh: Points, pairs: tuple[tuple[int, int], ...]) -> NDArray[np.float64]:
    start, end = np.array(pairs).T
    return np.asarray((mesh[end] - mesh[start]).astype(np.float64).mean(axis=0))
