"""The turned square around a face that the mesh network looks at."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from edgeverify.domain import FaceBox, Points


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A square in frame pixels; `rotation` in radians, clockwise in the picture."""

    x: float
    y: float
    side: float
    rotation: float


def region_of_box(box: FaceBox, scale: float) -> Region:
    """Lay the square around the detector's box, its eyes level; `scale` times the longer side."""
    dx = box.left_eye[0] - box.right_eye[0]
    dy = box.left_eye[1] - box.right_eye[1]
    x, y = box.centre
    return Region(x=x, y=y, side=scale * max(box.width, box.height), rotation=math.atan2(dy, dx))


def region_of_mesh(mesh: Points, scale: float) -> Region:
    """Lay the square around a mesh (468, 3), its outer eye corners (33, 263) level."""
    across = mesh[263, :2] - mesh[33, :2]
    rotation = math.atan2(float(across[1]), float(across[0]))
    cosine, sine = math.cos(rotation), math.sin(rotation)
    turn = np.array([[cosine, -sine], [sine, cosine]])
    level = mesh[:, :2].astype(np.float64) @ turn
    low, high = level.min(axis=0), level.max(axis=0)
    centre = turn @ ((low + high) / 2)
    return Region(
        x=float(centre[0]),
        y=float(centre[1]),
        side=scale * float((high - low).max()),
        rotation=rotation,
    )
