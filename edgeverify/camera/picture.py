"""A few numbers about a picture, enough to tell that the camera is broken. Pure.

Everything is read from a grey thumbnail of 64 x 36 pixels and some of the rows, so that it costs a
fraction of a millisecond whatever the camera's resolution. The capture process is kept small, so
this does without numpy.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

THUMBNAIL_WIDTH = 64
THUMBNAIL_HEIGHT = 36
ROW_STEP = 8
COLUMNS = 8
FILLED_SHARE = 0.15
"""A missing part smaller than this share of the picture's height is let pass;"""
STALE_SHARE = 0.25
"""an old part smaller than this, because cameras may write a caption that never changes."""
FLAT_DEVIATION = 4.0
"""What is flatter than this (a lamp, a shadow) may stay the same from picture to picture."""
BLACK_BAR = 25
"""The darkest 10 % of 255."""
MONOCHROME_BELOW = 1.5
"""Mean distance of the chroma from grey below which a picture has no colour; docs/camera.md says
what it is on real footage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What is kept of a frame to judge the camera by.

    `thumbnail` is a grey miniature: uint8, 36 rows of 64. `checksum` is equal for identical pixels.
    `filled_rows` is the share (0 to 1) of the frame's height, from the bottom, in which every row
    repeats the row above it; `stale_rows` the share, from top or bottom, that still is the picture
    before. `colour` is the mean distance of the chroma from grey, 0 to 127. `is_corrupt` says that
    parts of it are missing, or of a picture that it is built on.
    """

    thumbnail: bytes
    checksum: int
    filled_rows: float = 0.0
    stale_rows: float = 0.0
    colour: float = 0.0
    is_corrupt: bool = False

    @property
    def is_torn(self) -> bool:
        """Whether this picture is made of two parts that do not belong together."""
        return self.is_corrupt or self.filled_rows > 0.0 or self.stale_rows > 0.0

    @property
    def is_monochrome(self) -> bool:
        """Whether it has no colour: a grey or infrared camera."""
        return self.colour < MONOCHROME_BELOW

    @property
    def mean(self) -> float:
        """Mean grey value, 0 to 255."""
        return sum(self.thumbnail) / len(self.thumbnail)

    @property
    def deviation(self) -> float:
        """Standard deviation of the grey values, 0 to 127.5."""
        return _deviation(self.thumbnail)


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """The pixels of a picture: RGB, uint8, row after row without a gap."""

    memory: memoryview
    width: int
    height: int

    def row(self, number: int) -> bytes:
        """Return one row's bytes."""
        size = self.width * 3
        return bytes(self.memory[number * size : (number + 1) * size])


def examine(
    rows: Rows,
    before: Rows | None,
    *,
    thumbnail: bytes,
    colour: float,
    is_corrupt: bool = False,
) -> Picture:
    """Return the `Picture` of a frame; `before` is the frame that came before it."""
    checksum = 0
    for number in range(0, rows.height, ROW_STEP):
        checksum = zlib.crc32(rows.row(number), checksum)
    return Picture(
        thumbnail=thumbnail,
        checksum=checksum,
        filled_rows=filled_rows(rows),
        stale_rows=0.0 if before is None else stale_rows(rows, before),
        colour=colour,
        is_corrupt=is_corrupt,
    )


def filled_rows(rows: Rows) -> float:
    """Return the share of the height, from the bottom, in which each row repeats the one above it.

    A decoder that got half a picture fills the rest with one colour (JPEG: grey; an empty H.264
    buffer: green) or smears the last row down. A sensor's noise never repeats a row. Black bars
    (the darkest 10 %) are somebody's letter-box, not a tear, and count as nothing.
    """
    last = rows.row(rows.height - 1)
    if max(last) <= BLACK_BAR:
        return 0.0
    for number in range(rows.height - 2, -1, -1):
        if rows.row(number) != last:
            share = (rows.height - number - 1) / rows.height
            return share if share >= FILLED_SHARE else 0.0
    return 0.0  # one flat picture: a covered lens, not a tear


def stale_rows(rows: Rows, before: Rows) -> float:
    """Return the share of the height, from top or bottom, that is still the picture before.

    FFmpeg fills a JPEG of which half arrived with an old one, and a driver that is read too soon
    gives half a new buffer: pixel for pixel the old picture on one side of a line, everything new
    from border to border on the other. Compression alone leaves still parts unchanged too, but
    between moving ones, not below a line across the whole picture; hence the eight columns.
    """
    if (rows.width, rows.height) != (before.width, before.height):
        return 0.0
    at = range(0, rows.height, ROW_STEP)
    new = [_new_columns(rows.row(number), before.row(number)) for number in at]
    return max(_kept(rows, new, at), _kept(rows, new[::-1], at[::-1]))


def _new_columns(row: bytes, before: bytes) -> int:
    """Return in how many of eight columns a row differs from the one before."""
    if row == before:
        return 0
    step = -(-len(row) // COLUMNS)
    starts = range(0, len(row), step)
    return sum(row[start : start + step] != before[start : start + step] for start in starts)


def _kept(rows: Rows, new: list[int], at: range) -> float:
    count = len(new)
    kept = next((number for number, columns in enumerate(new) if columns), 0)
    if not STALE_SHARE * count <= kept <= (1 - STALE_SHARE) * count:
        return 0.0
    # The row of blocks at the tear may be half old, half new.
    if any(columns < COLUMNS for columns in new[kept + 2 :]):
        return 0.0
    old = b"".join(rows.row(number)[1::12] for number in at[:kept])
    return kept / count if _deviation(old) >= FLAT_DEVIATION else 0.0


def _deviation(values: bytes) -> float:
    mean = sum(values) / len(values)
    squares = sum(values.count(value) * (value - mean) ** 2 for value in set(values))
    return float((squares / len(values)) ** 0.5)
