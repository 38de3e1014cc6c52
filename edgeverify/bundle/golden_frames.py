"""Pictures made by formula, the same bits on every machine: integer arithmetic only.

They are roughly a face, so that a trained network answers with something of its own, and their
three channels differ, so that a swapped colour order shows. A change here is a new `FORMULA`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeverify.domain import Points, RgbImage
from edgeverify.feeding.template_kinds import PointTemplate, Template, WholePictureTemplate

FORMULA = 1
WIDTH = 400
HEIGHT = 320


@dataclass(frozen=True, slots=True)
class _Scene:
    """A face's place and tint.

    `side` is that of the face's square in pixels, `turn` a rotation as (cosine, sine) over its
    third number (a Pythagorean triple, so that it is exact).
    """

    centre: tuple[int, int]
    side: int
    turn: tuple[int, int, int]
    skin: tuple[int, int, int]
    eyes: tuple[int, int, int]


# Small, large (so that the chip averages the frame down) and turned.
_SCENES = (
    _Scene((180, 150), 96, (1, 0, 1), (205, 150, 120), (50, 30, 20)),
    _Scene((205, 165), 300, (40, 9, 41), (120, 80, 60), (20, 40, 90)),
    _Scene((210, 160), 170, (24, -7, 25), (235, 190, 170), (90, 60, 30)),
)
COUNT = len(_SCENES)

# Ellipses in thousandths of the face's square: centre, half axes, and which tint.
_FEATURES = (
    ((500, 520), (400, 490), "skin"),
    ((320, 420), (85, 38), "eyes"),
    ((680, 420), (85, 38), "eyes"),
    ((500, 585), (60, 90), "shade"),
    ((500, 760), (150, 40), "lips"),
    ((500, 60), (390, 130), "eyes"),
)
# Where a level-box template finds the face: the two outer eye corners, then three points of the
# outline.
_LEVEL_PLACES = ((0.235, 0.42), (0.765, 0.42), (0.10, 0.52), (0.90, 0.52), (0.50, 1.01))


def golden_frame(index: int) -> RgbImage:
    """Draw scene `index` (0 to COUNT - 1): uint8 (320, 400, 3)."""
    scene = _SCENES[index]
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.int64)
    frame = np.empty((HEIGHT, WIDTH, 3), dtype=np.int64)
    for channel, (a, b) in enumerate(((3, 5), (5, -2), (-4, 3))):
        frame[:, :, channel] = 60 + _wave(a * x + b * y + 97 * index, 512) // 4
    u, v = _face_coordinates(x, y, scene)
    for centre, axes, tint in _FEATURES:
        inside = _ellipse(u, v, centre, axes)
        colour = _tint(tint, scene)
        shading = (_wave(u + 2 * v, 1400) * 60) // 700 - 30
        for channel in range(3):
            frame[:, :, channel][inside] = (colour[channel] + shading)[inside]
    return np.clip(frame, 0, 255).astype(np.uint8)


def golden_points(index: int, template: Template) -> Points:
    """Return the five points of scene `index` in frame pixels, in the template's own order."""
    scene = _SCENES[index]
    if isinstance(template, WholePictureTemplate):
        return np.zeros((0, 2), dtype=np.float32)
    places = np.array(
        template.places if isinstance(template, PointTemplate) else _LEVEL_PLACES, dtype=np.float64
    )
    cosine, sine, length = scene.turn
    turn = np.array([[cosine, -sine], [sine, cosine]]) / length
    points = (places - 0.5) * scene.side @ turn.T + np.array(scene.centre)
    return np.asarray(np.round(points, 2), dtype=np.float32)


def golden_box(index: int) -> tuple[float, float, float, float]:
    """Return the face's box of scene `index`: left, top, width, height in frame pixels."""
    scene = _SCENES[index]
    half = scene.side // 3
    return (
        float(scene.centre[0] - half),
        float(scene.centre[1] - half),
        float(2 * half),
        float(2 * half),
    )


def _face_coordinates(
    x: NDArray[np.int64], y: NDArray[np.int64], scene: _Scene
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    cosine, sine, length = scene.turn
    dx, dy = x - scene.centre[0], y - scene.centre[1]
    scale = scene.side * length
    u = ((cosine * dx + sine * dy) * 1000) // scale + 500
    v = ((cosine * dy - sine * dx) * 1000) // scale + 500
    return u, v


def _ellipse(
    u: NDArray[np.int64], v: NDArray[np.int64], centre: tuple[int, int], axes: tuple[int, int]
) -> NDArray[np.bool_]:
    a, b = axes
    inside: NDArray[np.bool_] = ((u - centre[0]) * b) ** 2 + ((v - centre[1]) * a) ** 2 <= (
        a * b
    ) ** 2
    return inside


def _wave(value: NDArray[np.int64], period: int) -> NDArray[np.int64]:
    """Go up and down again between 0 and half the period."""
    return np.asarray(period // 2 - np.abs(value % period - period // 2))


def _tint(name: str, scene: _Scene) -> tuple[int, int, int]:
    red, green, blue = scene.skin
    tints = {
        "skin": scene.skin,
        "eyes": scene.eyes,
        "shade": (red - 40, green - 35, blue - 30),
        "lips": (red - 20, green - 80, blue - 60),
    }
    return tints[name]
