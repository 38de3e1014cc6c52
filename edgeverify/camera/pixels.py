"""From a decoded picture to red, green, blue: each by its own size, format, range and rotation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from av.video.reformatter import ColorRange, Interpolation, VideoReformatter

from edgeverify.camera.picture import THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH, Picture, Rows, examine

if TYPE_CHECKING:
    from av import VideoFrame
    from av.video.plane import VideoPlane

FULL_RANGE = bytes(min(255, max(0, round((value - 16) * 255 / 219))) for value in range(256))
"""ITU-R BT.601: 8-bit luma of limited range is 16 (black) to 235 (white)."""
FROM_GREY = bytes(abs(value - 128) for value in range(256))
"""How far a chroma value is from none."""
NEAREST_TURN_DEGREES = 90


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pixels:
    """A picture as RGB rows, `stride` bytes apart, of which the first `width * 3` count.

    `thumbnail` is its grey miniature of 64 x 36 pixels (uint8, row by row), `colour` the mean
    distance of its chroma from grey (0 to 127), `turn` the degrees clockwise (0, 90, 180, 270) by
    which it has yet to be turned to stand upright, `form` everything else that may change in
    mid-stream, in words.
    """

    width: int
    height: int
    stride: int
    rows: bytes | memoryview
    thumbnail: bytes
    colour: float
    turn: int
    form: str
    is_corrupt: bool

    def copy_into(self, memory: memoryview) -> None:
        """Write the pixels without gaps into `width * height * 3` bytes."""
        row = self.width * 3
        if self.stride == row:
            memory[:] = self.rows[: row * self.height]
            return
        for number in range(self.height):
            start = number * self.stride
            memory[number * row : (number + 1) * row] = self.rows[start : start + row]

    def packed(self) -> Rows:
        """Return the pixels without gaps, in memory of their own."""
        memory = memoryview(bytearray(self.width * self.height * 3))
        self.copy_into(memory)
        return Rows(memory, self.width, self.height)

    def judged(self, rows: Rows, before: Rows | None) -> Picture:
        """Return the numbers to judge the camera by; `rows` are these pixels without gaps."""
        return examine(
            rows,
            before,
            thumbnail=self.thumbnail,
            colour=self.colour,
            is_corrupt=self.is_corrupt,
        )


class Developer:
    """Turns decoded pictures into `Pixels`; keeps FFmpeg's converters between them."""

    def __init__(self) -> None:
        self._colours = VideoReformatter()
        self._miniature = VideoReformatter()

    def develop(self, frame: VideoFrame, *, is_damaged: bool) -> Pixels:
        """Return the picture's pixels; whatever was true of the one before counts for nothing."""
        from_range = int(frame.color_range)
        rgb = self._colours.reformat(
            frame,
            format="rgb24",
            src_color_range=from_range,
            dst_color_range=ColorRange.JPEG,
            threads=1,
        )
        plane = rgb.planes[0]
        rows: bytes | memoryview = memoryview(plane)
        thumbnail, colour = self._small(frame, from_range)
        if _is_grey(frame) and from_range == ColorRange.MPEG:
            # FFmpeg's converter takes every grey picture for one of full range.
            rows = bytes(rows).translate(FULL_RANGE)
            thumbnail = thumbnail.translate(FULL_RANGE)
        return Pixels(
            width=frame.width,
            height=frame.height,
            stride=plane.line_size,
            rows=rows,
            thumbnail=thumbnail,
            colour=0.0 if _is_grey(frame) else colour,
            turn=turn_of(frame),
            form=form_of(frame),
            is_corrupt=is_damaged,
        )

    def _small(self, frame: VideoFrame, from_range: int) -> tuple[bytes, float]:
        small = self._miniature.reformat(
            frame,
            width=THUMBNAIL_WIDTH,
            height=THUMBNAIL_HEIGHT,
            format="yuv444p",
            interpolation=Interpolation.AREA,
            src_color_range=from_range,
            dst_color_range=ColorRange.JPEG,
            threads=1,
        )
        luma, *chroma = (_packed(plane) for plane in small.planes)
        from_grey = sum(sum(values.translate(FROM_GREY)) for values in chroma)
        return luma, from_grey / (2 * len(luma))


def turn_of(frame: VideoFrame) -> int:
    """Return the degrees clockwise (0, 90, 180, 270) that the stream asks to turn this picture."""
    return round(-frame.rotation / NEAREST_TURN_DEGREES) * NEAREST_TURN_DEGREES % 360


def form_of(frame: VideoFrame) -> str:
    """Return in words what a conversion must know of a picture, apart from its size."""
    ranges = {int(ColorRange.MPEG): "limited range", int(ColorRange.JPEG): "full range"}
    return f"{frame.format.name}, {ranges.get(int(frame.color_range), 'range not stated')}"


def _is_grey(frame: VideoFrame) -> bool:
    return len(frame.format.components) == 1


def _packed(plane: VideoPlane) -> bytes:
    data, stride = bytes(plane), plane.line_size
    if stride == THUMBNAIL_WIDTH:
        return data[: THUMBNAIL_WIDTH * THUMBNAIL_HEIGHT]
    rows = (data[start : start + THUMBNAIL_WIDTH] for start in range(0, len(data), stride))
    return b"".join(rows)[: THUMBNAIL_WIDTH * THUMBNAIL_HEIGHT]
