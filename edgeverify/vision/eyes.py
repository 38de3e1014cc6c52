"""What the mesh says about the eyes (pure)."""

from __future__ import annotations

import math

import numpy as np

from edgeverify.domain import Points

# Mesh points of each eye: outer corner, two on the upper lid, inner corner, two on the lower lid.
_RIGHT_EYE = (33, 160, 158, 133, 153, 144)
_LEFT_EYE = (263, 387, 385, 362, 380, 373)
_BOTH_EYES = np.array([*_RIGHT_EYE, *_LEFT_EYE])
_RIGHT_CENTRE = (33, 133, 159, 145)
_LEFT_CENTRE = (263, 362, 386, 374)
_CENTRES = np.array([_RIGHT_CENTRE, _LEFT_CENTRE])

# Few numbers are worked on as Python's own: that is several times faster than numpy's calls.
Place = list[float]


def eye_distance(mesh: Points) -> float:
    """Return pixels between the eye centres, in the picture's plane; `mesh` is (468, 2 or 3)."""
    right, left = mesh[_CENTRES, :2].sum(axis=1).tolist()
    return math.dist(right, left) / len(_RIGHT_CENTRE)


def eye_aspect_ratio(mesh: Points) -> float:
    """Return how open the eyes are, mean over both; about 0.3 open, below 0.2 shut.

    Height by width of six points per eye. Source: Soukupova and Cech, Real-Time Eye Blink
    Detection using Facial Landmarks, CVWW 2016.
    """
    points = mesh[_BOTH_EYES, :2].tolist()
    return (_aspect_ratio(*points[:6]) + _aspect_ratio(*points[6:])) / 2


def _aspect_ratio(
    outer: Place, upper_a: Place, upper_b: Place, inner: Place, lower_b: Place, lower_a: Place
) -> float:
    width = math.dist(outer, inner)
    height = math.dist(upper_a, lower_a) + math.dist(upper_b, lower_b)
    return height / (2 * width) if width > 1e-6 else 0.0
