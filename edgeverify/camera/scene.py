"""Whether the camera still looks at what it looked at yesterday.

People walk through the picture, so a scene is the median of a minute of thumbnails: whoever does
not stand there for half of it leaves no trace, and at 64 x 36 pixels no face could be told anyway.
Light changes all day, so scenes are compared by the direction of their edges.
"""

from __future__ import annotations

import logging
from collections import deque
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from edgeverify.atomic_file import read_plain, write_whole
from edgeverify.camera.picture import THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH

LOGGER = logging.getLogger(__name__)
Thumbnail: TypeAlias = NDArray[np.uint8]
"""Grey picture, uint8, shape (36, 64)."""
Gradients: TypeAlias = NDArray[np.float32]

SAMPLE_SECONDS = 1.0
SAMPLES = 60
RENEW_SECONDS = 86400.0
MOVED_BELOW = 0.5
"""Likeness below which the camera has moved. docs/camera.md shows what it is on real footage."""
PATIENCE = 2
"""So many minutes in a row must differ."""


def likeness(one: Thumbnail, other: Thumbnail) -> float:
    """Return the correlation of two pictures' edges, -1 to 1; 1 for the same scene in any light.

    Both gradient fields are compressed (square root of the length), so that one bright window does
    not outvote the room, and compared as one long vector.
    """
    left, right = _gradients(one), _gradients(other)
    norm = float(np.linalg.norm(left) * np.linalg.norm(right))
    return float((left * right).sum()) / norm if norm > 0 else 0.0


def _gradients(picture: Thumbnail) -> Gradients:
    values = picture.astype(np.float32)
    # A light blur lets a camera shake by half a thumbnail pixel.
    padded = np.pad(values, 1, mode="edge")
    rows = padded[:-2] + 2 * padded[1:-1] + padded[2:]
    smooth = (rows[:, :-2] + 2 * rows[:, 1:-1] + rows[:, 2:]) / 16
    down, across = np.gradient(smooth)
    length = np.sqrt(np.hypot(down, across)) + 1e-3
    return np.stack([down / length, across / length])


class SceneWatch:
    """Compares each minute with the picture in `file`, which it renews daily while they agree.

    The file is a grey PNG of 64 x 36 pixels, mode 0600, read afresh each minute: to accept a new
    position, delete it.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._samples: deque[Thumbnail] = deque(maxlen=SAMPLES)
        self._sampled_at: float | None = None
        self._stored_at: float | None = None
        self._strikes = 0
        self.moved_since: float | None = None
        self.detail = ""

    def look(self, thumbnail: bytes, at: float) -> None:
        """Take in a good picture captured `at` seconds (any clock that does not fall)."""
        if self._sampled_at is not None and at - self._sampled_at < SAMPLE_SECONDS:
            return
        self._sampled_at = at
        grey = np.frombuffer(thumbnail, np.uint8).reshape(THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH)
        self._samples.append(grey)
        if len(self._samples) == SAMPLES:
            scene = np.median(np.stack(self._samples), axis=0).astype(np.uint8)
            self._samples.clear()
            self._compare(scene, at)

    def _compare(self, scene: Thumbnail, at: float) -> None:
        reference = self._read()
        if reference is None:
            self._strikes, self.moved_since = 0, None
            self._store(scene, at)
            return
        alike = likeness(reference, scene)
        if alike < MOVED_BELOW:
            self._strikes += 1
            if self._strikes >= PATIENCE and self.moved_since is None:
                self.moved_since = at
            self.detail = (
                f"sees a different scene from before (likeness {alike:.2f}); if it was moved on "
                f"purpose, delete {self._file}"
            )
            return
        self._strikes, self.moved_since = 0, None
        self._stored_at = at if self._stored_at is None else self._stored_at
        if at - self._stored_at >= RENEW_SECONDS:
            self._store(scene, at)

    def _read(self) -> Thumbnail | None:
        import cv2  # noqa: PLC0415

        try:
            data = np.frombuffer(read_plain(self._file), np.uint8)
        except OSError:
            return None
        image = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE) if data.size else None
        if image is None or image.shape != (THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH):
            return None
        return image.astype(np.uint8, copy=False)

    def _store(self, scene: Thumbnail, at: float) -> None:
        import cv2  # noqa: PLC0415

        self._stored_at = at
        _good, png = cv2.imencode(".png", scene)
        try:
            write_whole(self._file, png.tobytes(), is_durable=False)
        except OSError as error:
            LOGGER.warning("cannot keep the reference picture: %s", error)
