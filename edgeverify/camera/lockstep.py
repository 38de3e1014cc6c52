"""A video file that waits: the same frames at the same times, however slow the machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edgeverify.camera.camera import CameraHealth, CameraState
from edgeverify.camera.file_reader import VideoFile
from edgeverify.camera.picture import Rows
from edgeverify.camera.picture_watch import MonochromeWatch, PictureWatch
from edgeverify.camera.pixels import Developer
from edgeverify.camera.reader import VideoEndedError
from edgeverify.camera.upright import upright
from edgeverify.domain import Frame
from edgeverify.errors import CameraError

if TYPE_CHECKING:
    from edgeverify.settings import CameraSettings


class LockstepCamera:
    """Each `latest` that acknowledges the frame before reads one more; nothing runs in between.

    No thread, no process, no clock: for golden replays. `timeout_seconds` is not waited for.
    """

    def __init__(self, path: Path, settings: CameraSettings) -> None:
        self._settings = settings
        self._watch = PictureWatch(settings, is_file=True)
        self._video: VideoFile | None = None
        self._frame: Frame | None = None
        self._broken: CameraHealth | None = None
        self._sequence = 0
        self._before: Rows | None = None
        self._developer = Developer()
        self._monochrome = MonochromeWatch()
        try:
            self._video = VideoFile(path, loop=settings.loop)
        except CameraError as error:
            self._break(CameraState.OFFLINE, str(error))

    def latest(self, after_sequence: int, timeout_seconds: float) -> Frame | None:
        """Return the frame not yet acknowledged again, or the next one; None after the last."""
        _ = timeout_seconds
        if self._frame is None or after_sequence >= self._frame.sequence:
            self._frame = self._next()
        return self._frame

    def health(self) -> CameraHealth:
        """Return what the pictures so far look like, or why there are none."""
        if self._broken is not None:
            return self._broken
        rate = 0.0 if self._video is None else self._video.frames_per_second
        if self._sequence == 0:
            return CameraHealth(state=CameraState.STARTING, since=0.0, frames_per_second=rate)
        verdict = self._watch.verdict
        return CameraHealth(
            state=verdict.state,
            since=verdict.since,
            detail=verdict.detail,
            frames_per_second=rate,
            frame_age_seconds=0.0,
            is_monochrome=self._monochrome.is_monochrome,
        )

    def now(self) -> float:
        """Return the seconds of video handed out so far."""
        return 0.0 if self._video is None else self._video.seconds

    def close(self) -> None:
        """Close the file; the time stays where it was."""
        if self._video is not None:
            self._video.close()
            if self._broken is None:
                self._break(CameraState.OFFLINE, "closed")

    def _next(self) -> Frame | None:
        if self._video is None or self._broken is not None:
            return None
        try:
            frame = self._video.read()
            pixels = self._developer.develop(frame, is_damaged=self._video.is_damaged)
        except VideoEndedError as error:
            self._break(CameraState.ENDED, str(error))
            return None
        except CameraError as error:
            self._break(CameraState.OFFLINE, str(error))
            return None
        self._sequence += 1
        at = self._video.seconds
        rows = pixels.packed()
        picture = pixels.judged(rows, self._before)
        self._monochrome.look(at, is_monochrome=picture.is_monochrome)
        self._watch.look(picture, at)
        self._before = rows
        rgb = upright(rows, pixels.turn + self._settings.rotate, mirror=self._settings.mirror)
        return Frame(
            rgb=rgb,
            sequence=self._sequence,
            captured_at=at,
            is_monochrome=picture.is_monochrome,
        )

    def _break(self, state: CameraState, detail: str) -> None:
        self._broken = CameraHealth(state=state, since=self.now(), detail=detail)
