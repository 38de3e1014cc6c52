"""What the mesh says about the eyes (pure)."""

from __future__ import annotations

import numpy as np

from edgeverify.domain import Points

# Mesh points of each eye: outer corner, two on the upper lid, inner corner, two on the lower lid.
_RIGHT_EYE = (33, 160, 158, 133, 153, 144)
_LEFT_EYE = (263, 387, 385, 362, 380, 373)
_RIGHT_CENTRE = (33, 133, 159, 145)
_LEFT_CENTRE = (263, 362, 386, 374)


def eye_distance(mesh: Points) -> float:
    """Pixels between the eye centres, in the picture's plane; `mesh` is (468, 2 or 3)."""
    right = mesh[list(_RIGHT_CENTRE), :2].mean(axis=0)
    left = mesh[list(_LEFT_CENTRE), :2].mean(axis=0)
    return float(np.hypot(*(left - right)))


def eye_aspect_ratio(mesh: Points) -> float:
    """How open the eyes are, mean over both; about 0.3 open, below 0.2 shut.

    Height by width of six points an eye. Source: Soukupova and Cech, Real-Time Eye Blink
    Detection using Facial Landmarks, CVWW 2016.
    """
    return (_aspect_ratio(mesh, _RIGHT_EYE) + _aspect_ratio(mesh, _LEFT_EYE)) / 2


def _aspect_ratio(mesh: Points, eye: tuple[int, ...]) -> float:
    outer, upper_a, upper_b, inner, lower_b, lower_a = (mesh[index, :2] for index in eye)
    height = np.hypot(*(upper_a - lower_a)) + np.hypot(*(upper_b - lower_b))
    width = np.hypot(*(outer - inner))
    return float(height / (2 * width)) if width > 1e-6 else 0.0
