"""What the bench looks at: one real photo on grey frames of several sizes, or real videos."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from edgeverify.domain import RgbImage
from edgeverify.errors import CameraError

SIZES: tuple[tuple[int, int], ...] = ((640, 480), (1280, 720), (1920, 1080))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scene:
    """Frames of one size, uint8 RGB, taken in turn; `faces` says who stands in them."""

    faces: str
    frames: tuple[RgbImage, ...]

    @property
    def rgb(self) -> RgbImage:
        """The first frame."""
        return self.frames[0]

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
                _paste_grid(frame, photo, 2)
            made.append(Scene(faces=faces, frames=(frame,)))
    return made


def crowd(photo: RgbImage, size: tuple[int, int]) -> Scene:
    """Show the photo nine times in a frame of `size` (width, height): cost by faces in view."""
    frame = np.full((size[1], size[0], 3), 112, np.uint8)
    _paste_grid(frame, photo, 3)
    return Scene(faces="nine", frames=(frame,))


def video_scene(path: Path, *, frames: int = 30) -> Scene:
    """Take frames evenly from a whole video, in its own size. Raises CameraError."""
    video = cv2.VideoCapture(str(path))
    count = int(video.get(cv2.CAP_PROP_FRAME_COUNT))
    wanted = set(np.linspace(0, max(count - 1, 0), min(frames, max(count, 1))).astype(int).tolist())
    taken: list[RgbImage] = []
    index = 0
    while len(taken) < len(wanted) and video.grab():
        if index in wanted:
            good, picture = video.retrieve()
            if good:
                rgb = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
                taken.append(np.asarray(rgb, dtype=np.uint8))
        index += 1
    video.release()
    if not taken:
        raise CameraError(f"{path}: is not a video that can be read")
    return Scene(faces=path.name, frames=tuple(taken))


def _paste_grid(frame: RgbImage, photo: RgbImage, side: int) -> None:
    height, width = frame.shape[:2]
    for left in range(side):
        for top in range(side):
            _paste(frame, photo, left * width // side, top * height // side, height // side)


def _paste(frame: RgbImage, photo: RgbImage, left: int, top: int, height: int) -> None:
    width = round(photo.shape[1] * height / photo.shape[0])
    small = cv2.resize(photo, (width, height), interpolation=cv2.INTER_AREA)
    place = frame[top : top + height, left : left + width]
    place[:] = small[: place.shape[0], : place.shape[1]]
