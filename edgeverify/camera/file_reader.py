"""Pictures of a video file, one after another, with the video's own time."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from edgeverify.camera.messages import Order
from edgeverify.camera.reader import Shot, VideoEndedError
from edgeverify.camera.stream import Stream
from edgeverify.errors import CameraError

if TYPE_CHECKING:
    from av import VideoFrame

FALLBACK_RATE = 25.0
OPTIONS = {"protocol_whitelist": "file"}
"""A play list is a text that names other files and addresses; a video names none."""


class VideoFile:
    """An open video file. Frame n (from 1) is at n / rate seconds, and so on through every loop.

    Constant steps, not the container's time stamps: those of some recordings stand still or jump
    back, and a replay must be the same on every machine.
    """

    def __init__(self, path: Path, *, loop: bool) -> None:
        self._path = path
        self._loop = loop
        if not path.is_file():
            raise CameraError(
                f"{path}: no such video file", advice="Check camera.source; it is read from here."
            )
        self._stream = _open(path)
        self._frames = 0
        self._frames_this_round = 0
        rate = self._stream.frames_per_second
        self.frames_per_second = rate if 1.0 <= rate <= 240.0 else FALLBACK_RATE

    @property
    def seconds(self) -> float:
        """The time of the last frame read; 0 before the first."""
        return self._frames / self.frames_per_second

    @property
    def is_damaged(self) -> bool:
        """Whether the last frame is incomplete, or is built on one that is."""
        return self._stream.is_damaged

    def read(self) -> VideoFrame:
        """Return the next frame, not yet converted.

        Raises VideoEndedError at the end, CameraError where nothing can be decoded.
        """
        frame = self._stream.read()
        if frame is None and self._frames_this_round == 0:
            raise CameraError(f"{self._path}: holds no picture that can be decoded")
        if frame is None and self._loop:
            self._stream.close()
            self._stream = _open(self._path)
            self._frames_this_round = 0
            return self.read()
        if frame is None:
            raise VideoEndedError(f"{self._path}: the video has ended")
        self._frames += 1
        self._frames_this_round += 1
        return frame

    def close(self) -> None:
        """Close the file."""
        self._stream.close()


class FileReader:
    """A video file at its own speed; a late picture is passed over, not shown late."""

    def __init__(self, order: Order) -> None:
        self._video = VideoFile(Path(order.place), loop=order.loop)
        self._began = time.monotonic()

    def read(self) -> Shot:
        """Return the picture that is due, when it is due."""
        interval = 1.0 / self._video.frames_per_second
        frame = self._video.read()
        while time.monotonic() - self._began > self._video.seconds + 2 * interval:
            frame = self._video.read()
        wait = self._began + self._video.seconds - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        return Shot(frame, time.monotonic(), self._video.is_damaged)

    def close(self) -> None:
        """Close the file."""
        self._video.close()


def _open(path: Path) -> Stream:
    try:
        return Stream(str(path), name=str(path), options=OPTIONS)
    except CameraError:
        raise CameraError(
            f"{path}: not a video that can be read here", advice="Try it with ffprobe."
        ) from None
