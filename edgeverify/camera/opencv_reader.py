"""V4L2 devices, network cameras and real-time files, read through OpenCV."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from edgeverify.camera.file_reader import VideoFile
from edgeverify.camera.messages import Order
from edgeverify.camera.reader import BgrImage, into
from edgeverify.camera.stream_clock import StreamClock
from edgeverify.errors import CameraError

QUIET = {
    # FFmpeg and OpenCV would write to the daemon's log, past every folding. 8: fatal only.
    "OPENCV_FFMPEG_LOGLEVEL": "8",
    "OPENCV_LOG_LEVEL": "SILENT",
}
STREAM_OPTIONS = {
    "rtsp_transport": "tcp",  # a lost UDP packet tears the picture
    "flags": "low_delay",  # no decoder thread holds pictures back
    # Measuring the rate would take 22 pictures more: four seconds of a camera that gives 5.
    "fpsprobesize": "0",
    "analyzeduration": "1000000",  # microseconds of video; FFmpeg's own is five seconds
}
"""FFmpeg's, for network cameras only: a file would be judged by its first pictures."""
MAX_OLD_PICTURES = 300


class FileReader:
    """A video file at its own speed; a late picture is passed over, not shown late."""

    def __init__(self, order: Order) -> None:
        self._video = VideoFile(Path(order.place), loop=order.loop)
        self._began = time.monotonic()

    def read(self, buffer: BgrImage | None = None) -> tuple[BgrImage, float]:
        """Give the picture that is due, when it is due."""
        interval = 1.0 / self._video.frames_per_second
        while time.monotonic() - self._began > self._video.seconds + 2 * interval:
            position = self._video.seconds
            self._video.skip()
            if self._video.seconds == position:
                break
        image = self._video.read(buffer)
        wait = self._began + self._video.seconds - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        return image, time.monotonic()

    def close(self) -> None:
        """Close the file."""
        self._video.close()


class DeviceReader:
    """A V4L2 device: Motion JPEG where it has that, because USB 2 is too slow for raw 720p."""

    def __init__(self, order: Order) -> None:
        os.environ["OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT"] = str(max(1, round(order.timeout_seconds)))
        import cv2  # noqa: PLC0415

        self._device = order.place
        self._capture = cv2.VideoCapture(order.place, cv2.CAP_V4L2)
        if not self._capture.isOpened():
            raise CameraError(
                f"{order.place}: cannot be opened; is another program using the camera?"
            )
        self._capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        self._capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
        self._capture.set(cv2.CAP_PROP_FRAME_WIDTH, order.width)
        self._capture.set(cv2.CAP_PROP_FRAME_HEIGHT, order.height)
        self._capture.set(cv2.CAP_PROP_FPS, order.frames_per_second)

    def read(self, buffer: BgrImage | None = None) -> tuple[BgrImage, float]:
        """Wait for the next picture."""
        image = into(self._capture, buffer)
        if image is None:
            raise CameraError(f"{self._device}: gives no more pictures")
        return image, time.monotonic()

    def close(self) -> None:
        """Let go of the device."""
        self._capture.release()


class UrlReader:
    """An RTSP or HTTP camera, through FFmpeg, with time-outs of ours."""

    def __init__(self, order: Order) -> None:
        import cv2  # noqa: PLC0415

        options = "|".join(f"{name};{value}" for name, value in STREAM_OPTIONS.items())
        os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = options
        milliseconds = round(order.timeout_seconds * 1000)
        self._cv2: Any = cv2
        self._clock = StreamClock()
        self._old_pictures = MAX_OLD_PICTURES
        self._capture = cv2.VideoCapture(
            order.place,
            cv2.CAP_FFMPEG,
            [
                cv2.CAP_PROP_OPEN_TIMEOUT_MSEC,
                milliseconds,
                cv2.CAP_PROP_READ_TIMEOUT_MSEC,
                milliseconds,
            ],
        )
        if not self._capture.isOpened():
            raise CameraError("answers, but not with a video stream (password? path?)")

    def read(self, buffer: BgrImage | None = None) -> tuple[BgrImage, float]:
        """Wait for the next picture; one that waited in a buffer keeps its earlier time.

        What FFmpeg took to get to know the stream comes first, all at once: it is passed over,
        since nobody can tell how old it is before the first picture that had to be waited for.
        """
        while True:
            image = into(self._capture, buffer)
            if image is None:
                raise CameraError("the stream broke off")
            stream_seconds = float(self._capture.get(self._cv2.CAP_PROP_POS_MSEC)) / 1000
            captured_at = self._clock.captured_at(stream_seconds, time.monotonic())
            self._old_pictures -= 1
            if self._old_pictures < 0 or not self._clock.is_catching_up:
                self._old_pictures = 0
                return image, captured_at

    def close(self) -> None:
        """Hang up."""
        self._capture.release()
