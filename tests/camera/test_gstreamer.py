"""Pipelines, run by the real GStreamer."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from edgeverify.camera.camera import Camera, CameraState
from edgeverify.camera.open_camera import open_camera
from edgeverify.settings import CameraSettings
from tests.absent import absent
from tests.camera.conftest import wait_for, wait_for_frame


@pytest.fixture(autouse=True)
def _needs_gstreamer(nothing_leaks: None) -> None:
    _ = nothing_leaks
    if shutil.which("gst-launch-1.0") is None:
        absent("gstreamer1.0-tools is not installed")


@contextmanager
def pipeline(words: str, **settings: float) -> Iterator[Camera]:
    asked = {"width": 320, "height": 240, "open_timeout_seconds": 20.0, **settings}
    camera = open_camera(CameraSettings.model_validate({"source": f"gst: {words}", **asked}))
    try:
        yield camera
    finally:
        camera.close()


@pytest.mark.parametrize("width", [320, 322])
def test_a_pipeline_gives_frames_of_the_size_in_the_settings(width: int) -> None:
    """322 pixels: GStreamer pads such rows to a multiple of four bytes."""
    with pipeline("videotestsrc is-live=true pattern=red", width=width) as camera:
        frame = wait_for_frame(camera, 0, 20)
        assert frame.rgb.shape == (240, width, 3)
        red, green, blue = frame.rgb.reshape(-1, 3).mean(axis=0)
        assert red > 240
        assert max(green, blue) < 15
        assert frame.rgb.std(axis=(0, 1)).max() < 5


def test_a_pipeline_that_ends_is_offline() -> None:
    with pipeline("videotestsrc num-buffers=5") as camera:
        assert "pipeline ended" in wait_for(camera, CameraState.OFFLINE, 20).detail


def test_a_wrong_pipeline_is_offline_in_gstreamers_words() -> None:
    with pipeline("nosuchelement") as camera:
        assert "nosuchelement" in wait_for(camera, CameraState.OFFLINE, 20).detail


def test_a_recording_played_in_a_loop_is_frozen(video: Path) -> None:
    """Somebody puts a recorder where the camera was."""
    words = f"multifilesrc location={video} loop=true ! avidemux ! jpegdec"
    with pipeline(words + " ! identity sync=true", frozen_seconds=2.0) as camera:
        seen = wait_for_frame(camera, 0, 20).sequence
        wait_for(camera, CameraState.FROZEN, 15)
        # They still come, and none is new; the player may just have begun anew, at no rate yet.
        wait_for(camera, CameraState.FROZEN, 15, rate_above=5)
        while (frame := camera.latest(seen, 0.0)) is not None:
            seen = frame.sequence
        assert camera.latest(seen, 2.0) is None


def test_a_password_stands_in_no_list_of_processes_and_in_no_message(
    caplog: pytest.LogCaptureFixture, started: Callable[[], list[psutil.Process]]
) -> None:
    with pipeline("videotestsrc is-live=true name=hunter2-secret") as camera:
        wait_for_frame(camera, 0, 20)
        processes = started()
        assert len(processes) == 2
        for process in processes:
            assert "hunter2" not in " ".join(process.cmdline())
            assert "hunter2" not in " ".join(process.environ().values())
    words = "rtspsrc location=rtsp://admin:hunter2@127.0.0.1:9/hunter2 ! decodebin"
    with pipeline(words) as camera:
        health = wait_for(camera, CameraState.OFFLINE, 20)
        assert "pipeline ended" in health.detail
        assert "hunter2" not in health.detail
    assert "hunter2" not in caplog.text
