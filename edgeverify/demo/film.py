"""Videos made from photographs: somebody walks up to a door.

The photograph grows, sways and changes its exposure over a plain wall, which is what a still can
offer of a walk. It moves as a flat picture does, so liveness has to be off for it to be granted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edgeverify.domain import RgbImage
from edgeverify.errors import CameraError

WIDTH, HEIGHT = 1280, 720
FRAMES_PER_SECOND = 15
SECONDS = 6.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Actor:
    """A photograph, and what is needed to place it: eye distance and face centre, in its pixels.

    `lane` is where the face stands across the frame, 0 to 1.
    """

    photo: RgbImage
    eye_distance: float
    face_centre: tuple[float, float]
    lane: float = 0.5


def wall(generator: np.random.Generator) -> NDArray[np.float32]:
    """Return an empty room: a lit wall with a little sensor noise, (HEIGHT, WIDTH, 3), 0 to 255."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    light = 150 - 50 * np.hypot((columns - WIDTH / 2) / WIDTH, (rows - HEIGHT / 3) / HEIGHT)
    room = np.stack([light * 1.02, light, light * 0.95], axis=2)
    room += generator.normal(0, 2.0, room.shape)
    return room.astype(np.float32)


def _place(canvas: NDArray[np.float32], actor: Actor, eye_distance: float, sway: float) -> None:
    """Draw the actor so that the eyes are `eye_distance` pixels apart, edges feathered."""
    scale = eye_distance / actor.eye_distance
    centre_x = WIDTH * actor.lane + sway
    centre_y = HEIGHT * 0.45
    matrix = np.array(
        [
            [scale, 0, centre_x - scale * actor.face_centre[0]],
            [0, scale, centre_y - scale * actor.face_centre[1]],
        ],
        dtype=np.float64,
    )
    height, width = actor.photo.shape[:2]
    feather = max(2, int(min(height, width) * 0.06))
    mask = np.zeros((height, width), dtype=np.float32)
    mask[feather:-feather, feather:-feather] = 1.0
    mask = cv2.GaussianBlur(mask, (0, 0), feather / 2)
    drawn = cv2.warpAffine(actor.photo, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_AREA)
    alpha = cv2.warpAffine(mask, matrix, (WIDTH, HEIGHT))[:, :, None]
    canvas *= 1 - alpha
    canvas += alpha * drawn.astype(np.float32)


def frames(actors: Sequence[Actor], generator: np.random.Generator) -> list[RgbImage]:
    """Return the whole film, RGB frames of WIDTH by HEIGHT."""
    room = wall(generator)
    film: list[RgbImage] = []
    count = int(SECONDS * FRAMES_PER_SECOND)
    for index in range(count):
        # There and back, so that the loop has no cut.
        approach = 0.5 - 0.5 * math.cos(2 * math.pi * index / count)
        canvas = room.copy()
        for actor in actors:
            nearest = 110 if len(actors) == 1 else 80
            sway = 14 * math.sin(2 * math.pi * 3 * index / count + actor.lane * 5)
            _place(canvas, actor, 70 + (nearest - 70) * approach, sway)
        exposure = 0.85 + 0.3 * approach
        canvas = canvas * exposure + generator.normal(0, 1.5, canvas.shape)
        film.append(np.clip(canvas, 0, 255).astype(np.uint8))
    return film


def shoot(
    path: Path,
    actors: Sequence[Actor],
    *,
    generator: np.random.Generator,
    progress: Callable[[], None] = lambda: None,
) -> RgbImage:
    """Write a film and return its middle frame, for the contact sheet.

    Raises CameraError when no video can be written here.
    """
    writer = cv2.VideoWriter(
        str(path), cv2.VideoWriter.fourcc(*"mp4v"), FRAMES_PER_SECOND, (WIDTH, HEIGHT)
    )
    if not writer.isOpened():
        raise CameraError(f"cannot write a video to {path}", advice="Is the disk full?")
    film = frames(actors, generator)
    try:
        for frame in film:
            writer.write(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
            progress()
    finally:
        writer.release()
    return film[len(film) // 2]
