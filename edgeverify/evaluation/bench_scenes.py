"""What the bench looks at: one real photo on grey frames of several sizes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from edgeverify.domain import RgbImage

Faces = Literal["none", "one", "many"]
SIZES: tuple[tuple[int, int], ...] = ((640, 480), (1280, 720), (1920, 1080))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scene:
    """One frame, uint8 RGB, and how many faces stand in it."""

    faces: Faces
    rgb: RgbImage

    @property
    def size(self) -> str:
        """Such as 1280x720."""
        return f"{self.rgb.shape[1]}x{self.rgb.shape[0]}"


def scenes(photo: RgbImage, sizes: Iterable[tuple[int, int]] = SIZES) -> list[Scene]:
    """Make a scene of every kind in every size (width, height) from a photo of one face.

    `one` shows the photo at full height, `many` four times at half height.
    """
    made = []
    for width, height in sizes:
        for faces in ("none", "one", "many"):
            frame = np.full((height, width, 3), 112, np.uint8)
            if faces == "one":
                _paste(frame, photo, 0, 0, height)
            elif faces == "many":
                for left in (0, width // 2):
                    for top in (0, height // 2):
                        _paste(frame, photo, left, top, height // 2)
            made.append(Scene(faces=faces, rgb=frame))
    return made


def _paste(frame: RgbImage, photo: RgbImage, left: int, top: int, height: int) -> None:
    width = round(photo.shape[1] * height / photo.shape[0])
    small = cv2.resize(photo, (width, height), interpolation=cv2.INTER_AREA)
    place = frame[top : top + height, left : left + width]
    place[:] = small[: place.shape[0], : place.shape[1]]
