"""How a chip is cut, and how a network is fed: the choices that rows are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import cv2
import numpy as np

from edgeverify.domain import Points, RgbImage
from edgeverify.feeding.alignment import fit_similarity, warp
from edgeverify.feeding.statement import Feeding
from edgeverify.feeding.template_kinds import PointTemplate
from edgeverify.feeding.templates import template_named

_FLAGS = {
    "linear": cv2.INTER_LINEAR,
    "cubic": cv2.INTER_CUBIC,
    "lanczos": cv2.INTER_LANCZOS4,
}
FEEDINGS = {
    "mobilefacenet": (
        Feeding(
            size=112,
            channels="rgb",
            scale=1 / 255,
            mean=(0.485, 0.456, 0.406),
            std=(0.229, 0.224, 0.225),
            resize="area",
        ),
        "arcface-112",
    ),
    "dlib": (
        Feeding(
            size=150,
            channels="rgb",
            scale=1 / 256,
            mean=(122.782 / 256, 117.001 / 256, 104.298 / 256),
            std=(1.0, 1.0, 1.0),
            resize="area",
        ),
        "dlib-150",
    ),
}
"""By name: how a network is fed, and its alignment template."""


@dataclass(frozen=True, kw_only=True)
class Chip:
    """How one chip is cut: mesh points and their places (shares of the side), interpolation."""

    groups: tuple[tuple[int, ...], ...]
    places: tuple[tuple[float, float], ...]
    interpolation: Literal["linear", "cubic", "area", "lanczos"] = "area"


def stated(template: str) -> Chip:
    """Cut as the named template of points says. ValueError for a template of another kind."""
    found = template_named(template)
    if not isinstance(found, PointTemplate):
        raise ValueError(f"{template} is no template of points")  # noqa: TRY004 - a wrong name
    return Chip(groups=found.groups, places=found.places)


def cut(rgb: RgbImage, mesh: Points, chip: Chip, size: int) -> RgbImage:
    """Cut one chip, `size` pixels square."""
    points = np.stack([mesh[list(group), :2].mean(axis=0) for group in chip.groups])
    matrix = fit_similarity(points, np.asarray(chip.places) * size)
    if chip.interpolation == "area":
        return warp(rgb, matrix, size, "area")
    flags = _FLAGS[chip.interpolation]
    return np.asarray(cv2.warpAffine(rgb, matrix, (size, size), flags=flags), dtype=np.uint8)


def fitted(meshes: Sequence[Points | None], start: Chip, count: int) -> Chip:
    """Fit a template of the `count` steadiest mesh points to chips cut by `start`.

    Place: where a point lands on average; steadiness: how far it strays from there.
    """
    landed = []
    for mesh in meshes:
        if mesh is not None:
            points = np.stack([mesh[list(group), :2].mean(axis=0) for group in start.groups])
            matrix = fit_similarity(points, np.asarray(start.places))
            landed.append(mesh[:, :2] @ matrix[:, :2].T + matrix[:, 2])
    stack = np.stack(landed)
    places = stack.mean(axis=0)
    stray = ((stack - places) ** 2).sum(axis=2).mean(axis=0)
    steady = np.argsort(stray)[:count]
    return Chip(
        groups=tuple((int(index),) for index in steady),
        places=tuple((float(places[index, 0]), float(places[index, 1])) for index in steady),
    )


def moved(chip: Chip, scale: float, down: float = 0.0) -> Chip:
    """Show the face `scale` times as large, and `down` (a share of the side) further down."""
    places = tuple(
        ((x - 0.5) * scale + 0.5, (y - 0.5) * scale + 0.5 + down) for x, y in chip.places
    )
    return replace(chip, places=places)
