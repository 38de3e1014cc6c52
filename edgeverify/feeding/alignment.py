"""From a frame and a face's points to the chip a model is fed: the one aligner of the project.

Training data, enrolment, the live camera and the golden check all come through here. The mesh
itself is found elsewhere (`edgeverify.vision`); this module needs only its points.

What moves the points onto a template is the least-squares similarity transform (Umeyama, 1991).
"""

from __future__ import annotations

import math
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from edgeverify.domain import AlignedFace, Points, RgbImage
from edgeverify.feeding.template_kinds import (
    BoxTemplate,
    LevelBoxTemplate,
    PointTemplate,
    Template,
    WholePictureTemplate,
)


def fit_similarity(
    source: NDArray[np.floating[Any]], target: NDArray[np.floating[Any]]
) -> NDArray[np.float64]:
    """Rotation, one scale and a shift that bring `source` closest to `target`.

    Both are (n, 2), n at least 2; the result is float64 (2, 3). Raises ValueError where all source
    points fall together. Source: S. Umeyama, IEEE PAMI 13(4), 1991, for two dimensions in closed
    form: without reflection, the optimum is one complex factor.
    """
    moved = np.asarray(source, dtype=np.float64)
    fixed = np.asarray(target, dtype=np.float64)
    moved_centre = moved.mean(axis=0)
    fixed_centre = fixed.mean(axis=0)
    a = moved - moved_centre
    b = fixed - fixed_centre
    spread = float((a * a).sum())
    if not np.isfinite(spread) or spread <= 1e-9:
        raise ValueError("the points of a face fall together")
    real = float((a * b).sum()) / spread
    imaginary = float((a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum()) / spread
    rotation = np.array([[real, -imaginary], [imaginary, real]])
    return np.column_stack([rotation, fixed_centre - rotation @ moved_centre])


Resize = Literal["area", "linear"]

# Bilinear sampling reads 2x2 pixels: from this scale down it would skip some, so the picture is
# first averaged down to about this share of the way ("area").
_ALIASING_BELOW = 0.75


def align_mesh(
    rgb: RgbImage, mesh: Points, template: Template, size: int, resize: Resize = "area"
) -> AlignedFace:
    """Cut the chip of a 468-point mesh, (468, 2 or 3) in frame pixels: picks the points, aligns."""
    return align_points(rgb, template.pick(mesh), template, size, resize)


def align_points(
    rgb: RgbImage, points: Points, template: Template, size: int, resize: Resize = "area"
) -> AlignedFace:
    """Cut the chip that `template` asks for, `size` pixels square.

    `points` is (n, 2) in frame pixels, in the template's own order (`Template.pick`). What lies
    outside the frame is black. `resize` says how a frame is brought down to the chip: `area`
    averages before it samples, `linear` only samples. ValueError on points that do not span a
    face.
    """
    matrix = chip_transform(points, template, size, frame=(rgb.shape[1], rgb.shape[0]))
    return AlignedFace(rgb=warp(rgb, matrix, size, resize), template=template.name)


def whole_chip(rgb: RgbImage, size: int, resize: Resize = "area") -> RgbImage:
    """Bring a picture that is a chip already to `size` pixels square, uint8 RGB; stretched."""
    height, width = rgb.shape[:2]
    return warp(rgb, _boxed((0, 0), (width, height), size, keep=False, inside=True), size, resize)


def chip_transform(
    points: Points, template: Template, size: int, *, frame: tuple[int, int]
) -> NDArray[np.float64]:
    """Make the (2, 3) matrix from frame pixels to chip pixels; ValueError as in `align_points`.

    `frame` is the frame's width and height in pixels, for a template that shows all of it.
    """
    if isinstance(template, WholePictureTemplate):
        return _boxed((0, 0), frame, size, keep=template.aspect == "keep", inside=True)
    if points.ndim != 2 or points.shape[1] != 2 or not np.isfinite(points).all():
        raise ValueError(f"a face's points are finite (n, 2), not {points.shape}")
    if isinstance(template, PointTemplate):
        return fit_similarity(points, np.asarray(template.places, dtype=np.float64) * size)
    if isinstance(template, BoxTemplate):
        return _grown_box(points, template, size)
    return _level_box(points, template, size)


def _grown_box(points: Points, template: BoxTemplate, size: int) -> NDArray[np.float64]:
    low, high = points.astype(np.float64).min(axis=0), points.astype(np.float64).max(axis=0)
    sides = high - low
    if np.min(sides) <= 1e-3:
        raise ValueError("the points of a face fall together")
    left, top, right, bottom = template.margins
    low = low - sides * (left, top)
    high = high + sides * (right, bottom)
    return _boxed(low, high, size, keep=template.aspect == "keep", inside=False)


def _boxed(
    low: ArrayLike, high: ArrayLike, size: int, *, keep: bool, inside: bool
) -> NDArray[np.float64]:
    """Bring the box from `low` to `high` to the chip.

    With `keep`, a square around its middle is taken instead: of its shorter side with `inside`, so
    that nothing beyond the box is seen, else of its longer side.
    """
    first, last = np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64)
    sides = last - first
    if keep:
        side = np.min(sides) if inside else np.max(sides)
        first, sides = (first + last) / 2 - side / 2, np.array([side, side])
    scale = size / sides
    # A pixel's centre is at +0.5 in both pictures.
    shift = (0.5 - first) * scale - 0.5
    return np.column_stack([np.diag(scale), shift])


def _level_box(points: Points, template: LevelBoxTemplate, size: int) -> NDArray[np.float64]:
    across = (points[1] - points[0]).astype(np.float64)
    length = float(np.hypot(across[0], across[1]))
    if length <= 1e-3:
        raise ValueError("the points of a face fall together")
    cosine, sine = across / length
    levelling = np.array([[cosine, sine], [-sine, cosine]])
    level = points.astype(np.float64) @ levelling.T
    low, high = level.min(axis=0), level.max(axis=0)
    side = float((high - low).max()) * (1 + 2 * template.padding)
    scale = size / side
    corner = (low + high) / 2 - side / 2
    return np.column_stack([levelling * scale, -corner * scale])


def warp(rgb: RgbImage, matrix: NDArray[np.float64], size: int, resize: Resize) -> RgbImage:
    """Cut `size` pixels square by a (2, 3) matrix from frame to chip; black outside the frame."""
    scale = math.sqrt(abs(float(np.linalg.det(matrix[:, :2]))))
    if resize == "area" and scale < _ALIASING_BELOW:
        rgb, matrix = _averaged_down(rgb, matrix, size, scale)
    chip = cv2.warpAffine(rgb, matrix, (size, size), flags=cv2.INTER_LINEAR)
    return np.asarray(chip, dtype=np.uint8)


def _averaged_down(
    rgb: RgbImage, matrix: NDArray[np.float64], size: int, scale: float
) -> tuple[RgbImage, NDArray[np.float64]]:
    """Cut the part of the frame that the chip shows, averaged down to the chip's scale."""
    corners = np.array([[0, 0], [size, 0], [0, size], [size, size]], dtype=np.float64)
    seen = (corners - matrix[:, 2]) @ np.linalg.inv(matrix[:, :2]).T
    height, width = rgb.shape[:2]
    margin = 2 / scale
    left, top = np.clip(np.floor(seen.min(axis=0) - margin), 0, (width - 1, height - 1)).astype(int)
    right, bottom = np.clip(np.ceil(seen.max(axis=0) + margin), 1, (width, height)).astype(int)
    part = rgb[top : max(bottom, top + 1), left : max(right, left + 1)]
    new_width = max(1, round(part.shape[1] * scale))
    new_height = max(1, round(part.shape[0] * scale))
    small = cv2.resize(part, (new_width, new_height), interpolation=cv2.INTER_AREA)
    step_x, step_y = part.shape[1] / new_width, part.shape[0] / new_height
    # A pixel's centre is at +0.5 in both pictures.
    offset = np.array([left + (step_x - 1) / 2, top + (step_y - 1) / 2])
    shift = matrix[:, :2] @ offset + matrix[:, 2]
    return np.asarray(small, dtype=np.uint8), np.column_stack(
        [matrix[:, :2] * [step_x, step_y], shift]
    )
