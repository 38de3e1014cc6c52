"""What the mesh says about the eyes (pure)."""

from __future__ import annotations

import math

import numpy as np

from edgeverify.domain import Points

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
