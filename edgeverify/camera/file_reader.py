"""Frames of a video file, one after another, with the video's own time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeverify.camera.reader import BgrImage, VideoEndedError, into
from edgeverify.errors import CameraError

if TYPE_CHECKING:
    from numpy.typing import NDArray

FALLBACK_RATE = 25.0


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
                f"{path}: no such video file", advice="Check camera.source; it is read from here"
            )
        self._capture = _open(path)
        self._frames = 0
        self._frames_this_round = 0
        rate = float(self._capture.get(_cv2().CAP_PROP_FPS))
        self.frames_per_second = rate if 1.0 <= rate <= 240.0 else FALLBACK_RATE

    @property
    def seconds(self) -> float:
        """The time of the last frame read; 0 before the first."""
        return self._frames / self.frames_per_second

    def read(self, buffer: NDArray[Any] | None = None) -> BgrImage:
        """Give the next frame, in `buffer` where it fits.

        Raises VideoEndedError at the end, CameraError where nothing can be decoded.
        """
        image = into(self._capture, buffer)
        if image is None and self._frames_this_round == 0:
            raise CameraError(f"{self._path}: holds no picture that can be decoded")
        if image is None and self._loop:
            self._capture.release()
            self._capture = _open(self._path)
            self._frames_this_round = 0
            return self.read(buffer)
        if image is None:
            raise VideoEndedError(f"{self._path}: the video has ended")
        self._frames += 1
        self._frames_this_round += 1
        return image

    def skip(self) -> None:
        """Pass over the next frame without converting it."""
        if self._capture.grab():
            self._frames += 1
            self._frames_this_round += 1

    def close(self) -> None:
        """Close the file."""
        self._capture.release()


def _cv2() -> Any:
    import cv2  # noqa: PLC0415

    return cv2


def _open(path: Path) -> Any:
    cv2 = _cv2()
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    if not capture.isOpened():
        capture.release()
        raise CameraError(
            f"{path}: not a video that can be read here", advice="Try it with ffprobe"
        )
    return capture
