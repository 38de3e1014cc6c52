"""What an alignment template can be: a rule from a face's mesh to the place of its chip.

A template is data. Published ones stand in `templates`; any other is stated by the network's owner
and travels in the manifest. Indices are those of the 468-point MediaPipe face mesh; left and right
are the image's.
"""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field, field_validator, model_validator
from typing_extensions import Self

from edgeverify.domain import Points
from edgeverify.feeding.statement import BundleModel

Group = Annotated[tuple[int, ...], Field(min_length=1, max_length=64, strict=False)]
Place = Annotated[tuple[float, float], Field(strict=False)]
MESH_POINTS = 468


class _Template(BundleModel):
    name: str = Field(min_length=1, max_length=100)
    version: int = Field(default=1, ge=1)
    size: int = Field(ge=16, le=1024)
    """Side in pixels of the published chip; another side is scaled."""


class PointTemplate(_Template):
    """Named points go to fixed places by a similarity transform.

    `groups` are mesh indices, a group of several is their mean; `places` are (x, y) as shares of
    the chip's side, in the same order.
    """

    kind: Literal["points"] = "points"
    groups: tuple[Group, ...] = Field(min_length=2, max_length=64, strict=False)
    places: tuple[Place, ...] = Field(min_length=2, max_length=64, strict=False)

    @field_validator("groups")
    @classmethod
    def _inside_the_mesh(cls, value: tuple[Group, ...]) -> tuple[Group, ...]:
        if any(not 0 <= index < MESH_POINTS for group in value for index in group):
            raise ValueError(f"mesh indices are 0 to {MESH_POINTS - 1}")
        return value

    @field_validator("places")
    @classmethod
    def _span_a_face(cls, value: tuple[Place, ...]) -> tuple[Place, ...]:
        if np.ptp(np.array(value), axis=0).max() < 0.05:
            raise ValueError("the places fall together")
        return value

    @model_validator(mode="after")
    def _belong_together(self) -> Self:
        if len(self.groups) != len(self.places):
            raise ValueError("as many places as points are needed")
        return self

    def pick(self, mesh: Points) -> Points:
        """From a mesh (468, 2 or 3) the (n, 2) points that `align_points` takes, in order."""
        picked = np.stack([mesh[list(group), :2].mean(axis=0) for group in self.groups])
        return np.asarray(picked, dtype=np.float32)


class LevelBoxTemplate(_Template):
    """The face is turned until two points are level, then its box is cut with some padding.

    Its points are those two (image left first), then any points whose box is the face: all of the
    mesh. `padding` is a share of the longer side, on each side. The cut is a square around the
    box's centre, so the aspect is kept.
    """

    kind: Literal["level-box"] = "level-box"
    level: tuple[int, int] = Field(default=(33, 263), strict=False)
    padding: float = Field(ge=-0.3, le=3)

    def pick(self, mesh: Points) -> Points:
        """From a mesh (468, 2 or 3) the (470, 2) points that `align_points` takes."""
        picked = np.concatenate([mesh[list(self.level), :2], mesh[:, :2]])
        return np.asarray(picked, dtype=np.float32)


class BoxTemplate(_Template):
    """The face's upright box, that of its mesh, is grown by margins and brought to the square.

    `margins` are left, top, right and bottom, as shares of the box's width and height. `aspect`:
    `keep` cuts a square of the longer side around the grown box's centre, `stretch` squeezes the
    grown box into the square.
    """

    kind: Literal["box"] = "box"
    margins: tuple[float, float, float, float] = Field(strict=False)
    aspect: Literal["keep", "stretch"]

    @field_validator("margins")
    @classmethod
    def _leave_a_face(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if not all(-0.4 <= margin <= 3 for margin in value):
            raise ValueError("margins are shares of the box's side, -0.4 to 3")
        return value

    def pick(self, mesh: Points) -> Points:
        """From a mesh (468, 2 or 3) all of its points, (468, 2)."""
        return np.asarray(mesh[:, :2], dtype=np.float32)


class WholePictureTemplate(_Template):
    """The picture as it is, wherever the face: for chips that were cut before.

    `aspect`: `keep` shows the middle square, `stretch` squeezes the picture into the square.
    """

    kind: Literal["whole-picture"] = "whole-picture"
    aspect: Literal["keep", "stretch"]

    def pick(self, mesh: Points) -> Points:  # noqa: ARG002 - as every template
        """Return no point: none is needed."""
        return np.zeros((0, 2), dtype=np.float32)


Template = Annotated[
    PointTemplate | LevelBoxTemplate | BoxTemplate | WholePictureTemplate,
    Field(discriminator="kind"),
]
