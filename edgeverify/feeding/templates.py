"""Alignment templates: where a model wants a face's points to be in its chip.

A template names the mesh points it needs (indices of the 468-point MediaPipe face mesh; a group
of several is their mean) and their places in the chip. Changing any number of a template is a
new version of it, because every embedding made with it changes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeverify.domain import Points
from edgeverify.errors import BundleError


@dataclass(frozen=True, slots=True, kw_only=True)
class PointTemplate:
    """Named points go to fixed places by a similarity transform.

    `places` are (x, y) as shares of the chip's side; `size` is the side in pixels that the
    published places belong to.
    """

    name: str
    version: int
    size: int
    groups: tuple[tuple[int, ...], ...]
    places: tuple[tuple[float, float], ...]

    def pick(self, mesh: Points) -> Points:
        """From a mesh (468, 2 or 3) the (n, 2) points that `align_points` takes, in order."""
        picked = np.stack([mesh[list(group), :2].mean(axis=0) for group in self.groups])
        return np.asarray(picked, dtype=np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelBoxTemplate:
    """The face is turned until two points are level, then its box is cut with some padding.

    Its points are those two (image left first), then any points whose box is the face: all of the
    mesh. `padding` is a share of the longer side, on each side. The cut is a square around the
    box's centre, so the aspect is kept.
    """

    name: str
    version: int
    size: int
    level: tuple[int, int]
    padding: float

    def pick(self, mesh: Points) -> Points:
        """From a mesh (468, 2 or 3) the (470, 2) points that `align_points` takes."""
        picked = np.concatenate([mesh[list(self.level), :2], mesh[:, :2]])
        return np.asarray(picked, dtype=np.float32)


Template = PointTemplate | LevelBoxTemplate

# dlib's mean positions of its five landmarks, image left eye first: outer and inner corner of
# both eyes, nose base (dlib, image_transforms/interpolation.h), and its padding of 0.25.
_DLIB_PADDING = 0.25
_DLIB_PLACES = (
    (0.1205750620789, 0.2137274526848),
    (0.3340850613712, 0.2290642403242),
    (0.6460604764104, 0.2289674387677),
    (0.8595674595992, 0.2134981538014),
    (0.4901123135679, 0.6277975316475),
)
# The five points that ArcFace (arXiv 1801.07698) and its successors train on, 112x112.
_ARCFACE_PLACES = (
    (38.2946, 51.6963),
    (73.5318, 51.5014),
    (56.0252, 71.7366),
    (41.5493, 92.3655),
    (70.7299, 92.2041),
)

TEMPLATES: dict[str, Template] = {
    template.name: template
    for template in (
        PointTemplate(
            name="dlib-150",
            version=1,
            size=150,
            groups=((33,), (133,), (362,), (263,), (2,)),
            places=tuple(
                (
                    (x + _DLIB_PADDING) / (1 + 2 * _DLIB_PADDING),
                    (y + _DLIB_PADDING) / (1 + 2 * _DLIB_PADDING),
                )
                for x, y in _DLIB_PLACES
            ),
        ),
        PointTemplate(
            name="arcface-112",
            version=1,
            size=112,
            groups=((33, 133, 159, 145), (263, 362, 386, 374), (1,), (61,), (291,)),
            places=tuple((x / 112, y / 112) for x, y in _ARCFACE_PLACES),
        ),
        LevelBoxTemplate(name="face01-224", version=1, size=224, level=(33, 263), padding=0.1),
    )
}


def template_named(name: str) -> Template:
    """Find a template; BundleError, listing those that exist, where there is none of that name."""
    try:
        return TEMPLATES[name]
    except KeyError:
        known = ", ".join(TEMPLATES)
        raise BundleError(
            f"unknown alignment template {name!r}", advice=f"This release knows {known}."
        ) from None
