"""What is said of an input that does not open: the cause, not FFmpeg's guess at it."""

from __future__ import annotations

import errno

import av
import pytest

from edgeverify.camera.stream import Stream
from edgeverify.errors import CameraError


@pytest.mark.parametrize(
    "error",
    [
        av.InvalidDataError(errno.EIO, "cut short"),
        av.FFmpegError(errno.EIO, "cut short"),
    ],
    ids=["no header", "no bytes"],
)
@pytest.mark.parametrize(
    ("seconds", "said"),
    [(1.5, "gives no picture in time"), (0.2, "is the path right?")],
    ids=["when its time had run out", "at once"],
)
def test_a_header_that_time_cut_short_is_not_called_a_wrong_path(
    error: av.FFmpegError, seconds: float, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("av.open", fail)
    turns = iter((100.0, 100.0 + seconds))
    with pytest.raises(CameraError, match=said):
        Stream("rtsp://x", name="front", timeout_seconds=1.5, monotonic=lambda: next(turns))
