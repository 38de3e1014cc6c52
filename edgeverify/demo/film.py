"""Videos made from photographs: somebody walks up to a door.

The photograph grows, sways and changes its exposure over a plain wall, which is what a still can
offer of a walk. It moves as a flat picture does, so liveness has to be off for it to be granted.

The people are public photographs from the face_recognition project's archive.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edgeverify.domain import RgbImage
from edgeverify.errors import CameraError, FaceNotUsableError
from edgeverify.models.photos import photos
from edgeverify.progress import Progress
from edgeverify.vision.contract import FaceDetector

WIDTH, HEIGHT = 1280, 720
FRAMES_PER_SECOND = 15
SECONDS = 6.0
FRAMES = int(SECONDS * FRAMES_PER_SECOND)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Actor:
    """A photograph, and what is needed to place it: eye distance and face centre, in its pixels.

    `lane` is where the face stands across the frame, 0 to 1.
    """

    photo: RgbImage
    eye_distance: float
    face_centre: tuple[float, float]
    lane: float = 0.5


def wall() -> RgbImage:
    """Return an empty room: a lit wall, uint8 (HEIGHT, WIDTH, 3)."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    light = 150 - 50 * np.hypot((columns - WIDTH / 2) / WIDTH, (rows - HEIGHT / 3) / HEIGHT)
    lit: RgbImage = np.stack([light * 1.02, light, light * 0.95], axis=2).astype(np.uint8)
    return lit


def _place(canvas: RgbImage, actor: Actor, eye_distance: float, sway: float) -> None:
    """Draw the actor so that the eyes are `eye_distance` pixels apart, edges feathered."""
    scale = eye_distance / actor.eye_distance
    size = (round(actor.photo.shape[1] * scale), round(actor.photo.shape[0] * scale))
    drawn = cv2.resize(actor.photo, size, interpolation=cv2.INTER_AREA)
    left = round(WIDTH * actor.lane + sway - scale * actor.face_centre[0])
    top = round(HEIGHT * 0.45 - scale * actor.face_centre[1])
    x0, y0 = max(0, left), max(0, top)
    x1, y1 = min(WIDTH, left + size[0]), min(HEIGHT, top + size[1])
    seen = drawn[y0 - top : y1 - top, x0 - left : x1 - left].astype(np.float32)
    alpha = _feather(size)[y0 - top : y1 - top, x0 - left : x1 - left, None]
    behind = canvas[y0:y1, x0:x1]
    canvas[y0:y1, x0:x1] = (behind * (1 - alpha) + seen * alpha).astype(np.uint8)


def _feather(size: tuple[int, int]) -> NDArray[np.float32]:
    """Return a mask, float32 (height, width), 0 at the border and 1 inside."""
    width, height = size
    edge = max(2, int(min(width, height) * 0.06))
    across = np.clip(np.minimum(np.arange(width), np.arange(width)[::-1]) / edge, 0, 1)
    down = np.clip(np.minimum(np.arange(height), np.arange(height)[::-1]) / edge, 0, 1)
    return np.asarray(np.outer(down, across), dtype=np.float32)


def frames(actors: Sequence[Actor], generator: np.random.Generator) -> Iterator[RgbImage]:
    """Yield the whole film, RGB frames of WIDTH by HEIGHT."""
    room = wall()
    # Sensor noise: a few fields in turn, because drawing a new one takes longer than all the rest.
    shape = (8, HEIGHT, WIDTH, 3)
    noise = generator.integers(-4, 5, shape, dtype=np.int8).astype(np.int16)
    for index in range(FRAMES):
        # There and back, so that the loop has no cut.
        approach = 0.5 - 0.5 * math.cos(2 * math.pi * index / FRAMES)
        canvas = room.copy()
        for actor in actors:
            nearest = 110 if len(actors) == 1 else 80
            sway = 14 * math.sin(2 * math.pi * 3 * index / FRAMES + actor.lane * 5)
            _place(canvas, actor, 70 + (nearest - 70) * approach, sway)
        lit = cv2.convertScaleAbs(canvas, alpha=0.85 + 0.3 * approach)
        yield np.clip(lit + noise[index % len(noise)], 0, 255).astype(np.uint8)


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
    middle = FRAMES // 2
    kept = wall()
    try:
        for index, frame in enumerate(frames(actors, generator)):
            writer.write(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
            progress()
            if index == middle:
                kept = frame
    finally:
        writer.release()
    return kept


MAX_SIDE = 1400
"""The photographs are larger than any frame; shrunk once, films are drawn faster."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cast:
    """Two people: the owner with an ID photo and another photo, and a colleague."""

    owner_id_photo: bytes
    other_id_photo: bytes
    owner: Actor
    other: Actor


def hire(cache: Path, detector: FaceDetector, progress: Progress) -> Cast:
    """Fetch the photographs (3 MB, pinned by hash, kept in `cache`) and find the faces."""
    found = photos(cache, progress)
    return Cast(
        owner_id_photo=found["obama.jpg"].read_bytes(),
        other_id_photo=found["biden.jpg"].read_bytes(),
        owner=_actor(_decode(found["obama2.jpg"].read_bytes()), detector),
        other=_actor(_decode(found["biden.jpg"].read_bytes()), detector),
    )


def _decode(content: bytes) -> RgbImage:
    with Image.open(io.BytesIO(content)) as image:
        image.thumbnail((MAX_SIDE, MAX_SIDE))
        return np.asarray(image.convert("RGB"))


def _actor(photo: RgbImage, detector: FaceDetector) -> Actor:
    boxes = detector.detect(photo)
    if not boxes:
        raise FaceNotUsableError("a photograph of the demo shows no face")
    face = max(boxes, key=lambda box: box.eye_distance)
    return Actor(photo=photo, eye_distance=face.eye_distance, face_centre=face.centre)
