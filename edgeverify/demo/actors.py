"""The people of the demo: public photographs from the face_recognition project's archive."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from edgeverify.demo.film import Actor
from edgeverify.domain import RgbImage
from edgeverify.errors import FaceNotUsableError
from edgeverify.models.photos import photos
from edgeverify.progress import Progress
from edgeverify.vision.contract import FaceDetector

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
