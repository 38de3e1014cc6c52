"""How far the product's faces are from MediaPipe's, picture by picture."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from benchmarks.mediapipe_equality.yardstick import FoundFace, Yardstick
from edgeverify.domain import FaceBox, Points, RgbImage
from edgeverify.vision.mesh import is_of
from edgeverify.vision.opening import FaceFinder

MAX_BOX_PIXELS = 0.5
MAX_MESH_PERCENT = 0.3
SAME = 0.5
"""Two boxes are of the same face when their centres are within this share of its width."""


@dataclass(slots=True)
class Difference:
    """What was found by both and by one, and how far apart.

    `boxes` and `eyes` are the largest distances per face in pixels, `meshes` those of all points
    in percent of the eye distance. `alone` names faces that only one of them found, `lost` those
    that only one of them could put a mesh on.
    """

    pictures: int = 0
    faces: int = 0
    boxes: list[float] = field(default_factory=list)
    eyes: list[float] = field(default_factory=list)
    meshes: list[NDArray[np.float64]] = field(default_factory=list)
    alone: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    def __add__(self, other: Difference) -> Difference:
        """Take both together."""
        return Difference(
            self.pictures + other.pictures,
            self.faces + other.faces,
            self.boxes + other.boxes,
            self.eyes + other.eyes,
            self.meshes + other.meshes,
            self.alone + other.alone,
            self.lost + other.lost,
        )

    def percentiles(self) -> tuple[tuple[float, float], ...]:
        """Return the 99th percentile and maximum of boxes, eyes and meshes; NaN where none was."""
        meshes = np.concatenate(self.meshes) if self.meshes else np.empty(0)
        each = (np.array(self.boxes), np.array(self.eyes), meshes)
        return tuple(
            (float(np.percentile(values, 99)), float(np.max(values)))
            if len(values)
            else (np.nan, np.nan)
            for values in each
        )

    def misses(self) -> list[str]:
        """Say which goals are not met; empty where all are."""
        if not self.faces or not self.meshes:
            return ["nothing was compared"]
        (_, box), (_, eye), (mesh, _) = self.percentiles()
        found = [f"only one found {name}" for name in self.alone]
        found += [f"only one has a mesh of {name}" for name in self.lost]
        if not max(box, eye) <= MAX_BOX_PIXELS:
            found.append(f"a box or eye is {max(box, eye):.2f} pixels off")
        if not mesh <= MAX_MESH_PERCENT:
            found.append(f"1 % of the mesh points are more than {mesh:.2f} % off")
        return found


def compare(
    pictures: Iterable[tuple[str, RgbImage]], finder: FaceFinder, yardstick: Yardstick
) -> Difference:
    """Let both look at each picture, once."""
    found = Difference()
    for name, rgb in pictures:
        found.pictures += 1
        theirs = yardstick.look(rgb)
        ours = list(finder.detector.detect(rgb, twice=False))
        for face in theirs:
            found.faces += 1
            box = _nearest(face.box, ours)
            if box is None:
                found.alone.append(f"{name}: MediaPipe, {face.box.confidence:.4f}")
                continue
            ours.remove(box)
            _note(found, name, face, box, finder, rgb)
        found.alone += [f"{name}: edgeverify, {box.confidence:.4f}" for box in ours]
    return found


def _note(
    found: Difference,
    name: str,
    face: FoundFace,
    box: FaceBox,
    finder: FaceFinder,
    rgb: RgbImage,
) -> None:
    found.boxes.append(_largest(_corners(face.box), _corners(box)))
    found.eyes.append(_largest(_eyes(face.box), _eyes(box)))
    ours = finder.mesher.mesh(rgb, box)
    theirs = face.second if face.second is not None and is_of(face.second, face.box) else None
    if (ours is None) != (theirs is None):
        found.lost.append(name)
    elif ours is not None and theirs is not None:
        apart = np.linalg.norm(ours.mesh[:, :2].astype(float) - theirs[:, :2], axis=1)
        found.meshes.append(100 * apart / ours.eye_distance_pixels)


def _nearest(wanted: FaceBox, boxes: list[FaceBox]) -> FaceBox | None:
    near = [box for box in boxes if math.dist(box.centre, wanted.centre) < SAME * wanted.width]
    return min(near, key=lambda box: math.dist(box.centre, wanted.centre), default=None)


def _corners(box: FaceBox) -> Points:
    return np.array([box.left, box.top, box.right, box.bottom], np.float32)


def _eyes(box: FaceBox) -> Points:
    return np.array([*box.right_eye, *box.left_eye], np.float32)


def _largest(one: Points, other: Points) -> float:
    return float(np.abs(one - other).max())
