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
TORN_SHARE = 0.15
"""A tear smaller than this share of the picture's height is let pass."""
SEAM_GREY_LEVELS = 12.0
"""Mean step of grey values across a tear that counts as a seam."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Picture:
    """What is kept of a frame to judge the camera by.

    `checksum` is equal for identical pixels. `filled_rows` is the share (0 to 1) of the frame's
    height, from the bottom, in which every row repeats the row above it.
    """

    thumbnail: Thumbnail
    checksum: int
    filled_rows: float

    @property
    def mean(self) -> float:
        """Mean grey value, 0 to 255."""
        return float(self.thumbnail.mean())

    @property
    def deviation(self) -> float:
        """Standard deviation of the grey values, 0 to 127.5."""
        return float(self.thumbnail.std())


def examine(bgr: BgrImage) -> Picture:
    """Reduce a frame of any size to a `Picture`."""
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
    return share if share >= TORN_SHARE else 0.0


def is_torn(now: Picture, before: Picture | None) -> bool:
    """Whether this picture is made of two halves.

    Either its lower part was never received (`filled_rows`), or one part is pixel for pixel the
    picture before while the other has changed, with an edge from border to border between them
    that the picture before did not have.
    """
    if now.filled_rows > 0.0:
        return True
    if before is None or now.checksum == before.checksum:
        return False
    same = (now.thumbnail == before.thumbnail).all(axis=1)
    least = round(TORN_SHARE * THUMBNAIL_HEIGHT)
    for rows in (same, same[::-1]):
        kept = _leading(rows)
        changed = not rows[kept:].any()
        if changed and least <= kept <= THUMBNAIL_HEIGHT - least:
            seam = kept if rows is same else THUMBNAIL_HEIGHT - kept
            if _has_new_seam(now.thumbnail, before.thumbnail, seam):
                return True
    return False


def _leading(rows: NDArray[np.bool_]) -> int:
    return int(np.argmin(rows)) if not rows.all() else len(rows)


def _has_new_seam(now: Thumbnail, before: Thumbnail, row: int) -> bool:
    """Whether the step into `row` is strong now and was not before.

    The thumbnail averages the rows at the seam, so the step is measured across two.
    """
    above, below = max(row - 2, 0), min(row + 1, THUMBNAIL_HEIGHT - 1)

    def step(picture: Thumbnail) -> float:
        difference = picture[below].astype(np.int16) - picture[above].astype(np.int16)
        return float(np.abs(difference).mean())

    return step(now) >= SEAM_GREY_LEVELS and step(now) >= 2.0 * step(before)
