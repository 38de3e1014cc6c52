"""A few numbers about a picture, enough to tell that the camera is broken. Pure.

Everything is read from a grey thumbnail of 64 x 36 pixels and a checksum over every eighth row, so
that it costs a fraction of a millisecond whatever the camera's resolution.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from edgeverify.camera.reader import BgrImage

Thumbnail: TypeAlias = NDArray[np.uint8]
"""Grey picture, uint8, shape (36, 64)."""

THUMBNAIL_WIDTH = 64
THUMBNAIL_HEIGHT = 36
ROW_STEP = 8
FILLED_SHARE = 0.15
"""A missing part smaller than this share of the picture's height is let pass;"""
STALE_SHARE = 0.25
"""an old part smaller than this, because cameras may write a caption that never changes."""
FLAT_DEVIATION = 4.0
"""What is flatter than this (a lamp, a shadow) may stay the same from picture to picture."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Picture:
    """What is kept of a frame to judge the camera by.

    `checksum` is equal for identical pixels. `filled_rows` is the share (0 to 1) of the frame's
    height, from the bottom, in which every row repeats the row above it;
    `stale_rows` the share, from top or bottom, that still is the picture before.
    """

    thumbnail: Thumbnail
    checksum: int
    filled_rows: float = 0.0
    stale_rows: float = 0.0

    @property
    def is_torn(self) -> bool:
        """Whether this picture is made of two parts that do not belong together."""
        return self.filled_rows > 0.0 or self.stale_rows > 0.0

    @property
    def mean(self) -> float:
        """Mean grey value, 0 to 255."""
        return float(self.thumbnail.mean())

    @property
    def deviation(self) -> float:
        """Standard deviation of the grey values, 0 to 127.5."""
        return float(self.thumbnail.std())


def examine(bgr: BgrImage, before: BgrImage | None = None) -> Picture:
    """Reduce a frame of any size to a `Picture`; `before` is the frame that came before it."""
    import cv2  # noqa: PLC0415

    height, width = bgr.shape[:2]
    step = max(1, min(height // (2 * THUMBNAIL_HEIGHT), width // (2 * THUMBNAIL_WIDTH)))
    thinned = np.ascontiguousarray(bgr[::step, ::step])
    small = cv2.resize(
        cv2.cvtColor(thinned, cv2.COLOR_BGR2GRAY),
        (THUMBNAIL_WIDTH, THUMBNAIL_HEIGHT),
        interpolation=cv2.INTER_AREA,
    )
    rows = np.ascontiguousarray(bgr[::ROW_STEP])
    return Picture(
        thumbnail=small.astype(np.uint8, copy=False),
        checksum=zlib.crc32(rows.data),
        filled_rows=filled_rows(bgr),
        stale_rows=0.0 if before is None else stale_rows(bgr, before),
    )


def filled_rows(bgr: BgrImage) -> float:
    """Share of the height, from the bottom, in which each row repeats the one above it.

    A decoder that got half a picture fills the rest with one colour (JPEG: grey; an empty H.264
    buffer: green) or smears the last row down. A sensor's noise never repeats a row. Black bars
    (the darkest 10 %) are somebody's letter-box, not a tear, and count as nothing.
    """
    height, width = bgr.shape[:2]
    columns = bgr[:, :: max(1, width // 48), 1]
    if float(columns[-1].max()) < 0.1 * 255:
        return 0.0
    differs = (columns[1:] != columns[:-1]).any(axis=1)
    if not differs.any():
        return 0.0  # one flat picture: a covered lens, not a tear
    last = int(np.flatnonzero(differs)[-1]) + 1
    share = (height - last) / height
    return share if share >= FILLED_SHARE else 0.0


def stale_rows(bgr: BgrImage, before: BgrImage) -> float:
    """Share of the height, from top or bottom, that is still the picture before.

    FFmpeg fills a JPEG of which half arrived with the last one, and a driver that is read too soon
    gives half a new buffer: pixel for pixel the old picture on one side of a line, everything new
    from border to border on the other. Compression alone leaves still parts unchanged too, but
    between moving ones, not below a line across the whole picture; hence the eight columns.
    """
    if bgr.shape != before.shape:
        return 0.0
    differs = (bgr[::ROW_STEP, ::4] != before[::ROW_STEP, ::4]).any(axis=2)
    columns = [part.any(axis=1) for part in np.array_split(differs, 8, axis=1)]
    changed, new = np.any(columns, axis=0), np.all(columns, axis=0)
    rows = bgr[::ROW_STEP, ::4, 1]
    return max(_kept(changed, new, rows), _kept(changed[::-1], new[::-1], rows[::-1]))


def _kept(changed: NDArray[np.bool_], new: NDArray[np.bool_], rows: NDArray[np.uint8]) -> float:
    count, kept = len(changed), int(np.argmax(changed))
    if not changed.any() or not STALE_SHARE * count <= kept <= (1 - STALE_SHARE) * count:
        return 0.0
    # The row of blocks at the tear may be half old, half new.
    is_all_new = bool(new[kept + 2 :].all())
    return kept / count if is_all_new and float(rows[:kept].std()) >= FLAT_DEVIATION else 0.0
