"""Cameras that hang, die and lie, each in a process that can be killed."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import cv2
import psutil
import pytest

from edgeverify.camera.camera import Camera, CameraState
from edgeverify.camera.live import LiveCamera, LiveSource
from edgeverify.camera.messages import Order
from edgeverify.camera.open_camera import open_camera
from edgeverify.errors import ConfigError
from edgeverify.settings import CameraSettings
from tests.camera.conftest import VIDEO_FRAMES, VIDEO_RATE, wait_for, wait_for_frame
from tests.waiting import patience, until

pytestmark = pytest.mark.usefixtures("nothing_leaks")

HEAD = """
import signal, sys, os, time, socket
signal.signal(signal.SIGTERM, signal.SIG_IGN)
from edgeverify.camera.messages import *
from edgeverify.camera.ring import make_ring
from edgeverify.camera.picture import Rows, examine
to = socket.socket(fileno=int(sys.argv[1]))
send(to, Started())
receive_order(to)
noise = os.urandom
def show(frames, late=0.0):
    ring, descriptor = make_ring(64, 48)
    send(to, Opened(64, 48, descriptor))
    for number in range(1, frames + 1):
        pixels = ring.pixels(number % 4)
        pixels[:] = noise(len(pixels))
        ring.set_stamp(number % 4, number)
        picture = examine(Rows(pixels, 64, 48), None, thumbnail=bytes(pixels[:2304]), colour=20.0)
        send(to, Captured(number, number % 4, time.monotonic() - late, picture))
        time.sleep(0.02)
"""


@contextmanager
def camera_that(does: str, **settings: float) -> Iterator[Camera]:
    """A camera whose capture process runs this program."""
    source = LiveSource(
        name="test",
        make_order=lambda: Order(kind="test", place="test"),
        command=(sys.executable, "-c", HEAD + does),
    )
    camera = LiveCamera(source, CameraSettings(**settings), time.monotonic, Random(1))
    try:
        yield camera
    finally:
        began = time.monotonic()
        camera.close()
        assert time.monotonic() - began < patience(3.5)


@contextmanager
def camera_at(source: object, **settings: object) -> Iterator[Camera]:
    camera = open_camera(CameraSettings.model_validate({"source": str(source), **settings}))
    try:
        yield camera
    finally:
        camera.close()


def test_a_read_that_blocks_for_ever_is_killed_and_the_camera_comes_back() -> None:
    with camera_that("show(10)\nwhile True: time.sleep(1000)", stalled_seconds=0.5) as camera:
        seen = wait_for_frame(camera, 0, 10).sequence
        stalled = wait_for(camera, CameraState.STALLED, 5)
        assert "no new frame" in stalled.detail
        assert not stalled.is_usable
        while (frame := camera.latest(seen, 0.0)) is not None:
            seen = frame.sequence
        assert wait_for_frame(camera, seen, 5).sequence > seen


def test_frames_that_come_too_late_are_a_stall_and_the_camera_is_opened_anew() -> None:
    with camera_that("show(10)\nshow(10**6, late=5.0)", stalled_seconds=0.5) as camera:
        seen = wait_for_frame(camera, 0, 10).sequence
        wait_for(camera, CameraState.STALLED, 5)
        while (frame := camera.latest(seen, 0.0)) is not None:
            seen = frame.sequence
        asked = camera.now()
        assert wait_for_frame(camera, seen, 10).captured_at > asked - 0.5


def test_an_open_that_blocks_for_ever_is_killed_too() -> None:
    with camera_that("time.sleep(1000)", open_timeout_seconds=0.3) as camera:
        assert "no picture within 0.3 s" in wait_for(camera, CameraState.OFFLINE, 10).detail


def test_a_named_pipe_that_nobody_writes_is_not_a_video(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with camera_at(tmp_path / "pipe") as camera:
        assert "no such video file" in wait_for(camera, CameraState.OFFLINE, 5).detail


@pytest.mark.parametrize(
    ("does", "says"),
    [
        ("sys.exit(1)", "without a message"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "without a message"),
        ("to.send(b'hello')", "not a message"),
        ("to.send(b'Chalf')", "half a message"),
        ("send(to, Failed('no light'))", "no light"),
    ],
)
def test_a_process_that_dies_or_talks_nonsense_is_an_offline_camera(does: str, says: str) -> None:
    with camera_that(does) as camera:
        assert says in wait_for(camera, CameraState.OFFLINE, 10).detail
        assert camera.latest(0, 0.0) is None


def test_the_processes_of_a_camera_end_with_it(tmp_path: Path) -> None:
    """A child of the capture process (as gst-launch is) goes too, though it ignores SIGTERM."""
    note = tmp_path / "pid"
    child = "import signal,time; signal.signal(15, signal.SIG_IGN); time.sleep(1000)"
    does = (
        "import subprocess\n"
        f"child = subprocess.Popen([sys.executable, '-c', {child!r}])\n"
        f"open({str(note)!r}, 'w').write(str(child.pid))\n"
        "show(5); time.sleep(1000)"
    )
    with camera_that(does) as camera:
        wait_for_frame(camera, 0, 10)
        child_process = psutil.Process(int(note.read_text()))
        assert _lives(child_process)
    until(lambda: not _lives(child_process), "the child to end")


def test_frames_are_the_newest_and_older_ones_are_never_given() -> None:
    with camera_that("show(100000)") as camera:
        first = newest = wait_for_frame(camera, 0, 10)
        while newest.sequence <= first.sequence + 5:
            newest = wait_for_frame(camera, newest.sequence, 10)
        # Whoever looked away meanwhile gets that one or a newer one, none of those between.
        later = wait_for_frame(camera, first.sequence, 10)
        assert later.sequence >= newest.sequence
        assert later.captured_at >= newest.captured_at
        assert camera.latest(later.sequence + 1_000_000, 0.05) is None
        health = wait_for(camera, CameraState.OK, 10, rate_above=1)
        assert health.frame_age_seconds is not None


def test_a_picture_shown_again_and_again_is_one_frame() -> None:
    """Whoever was filmed before the picture froze does not stand there for the next claim."""
    same = "still = os.urandom(48 * 64 * 3)\nnoise = lambda _: still\nshow(100000)"
    with camera_that(same, frozen_seconds=300.0) as door:
        first = wait_for_frame(door, 0, 10)
        assert door.latest(first.sequence, 1.0) is None
        wait_for(door, CameraState.OK, 10, rate_above=1)
        assert door.latest(first.sequence, 0.0) is None


def test_a_picture_fault_that_lasts_opens_the_stream_anew_and_is_said_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """An encoder that hangs on one picture: nothing but a new connection ends that."""
    monkeypatch.setattr("edgeverify.camera.retrying.FIRST_SECONDS", 0.3)
    caplog.set_level("INFO")
    opened = tmp_path / "opened"
    stuck = (
        f"opened = open({str(opened)!r}, 'a'); opened.write('x'); opened.flush()\n"
        f"if os.path.getsize({str(opened)!r}) < 3:\n"
        "    still = bytes(range(128)) * 72\n"
        "    noise = lambda _: still\n"
        "show(100000)"
    )
    with camera_that(stuck, frozen_seconds=1.0, stalled_seconds=60.0) as camera:
        wait_for(camera, CameraState.FROZEN, 10)
        wait_for(camera, CameraState.OK, 20)
        assert wait_for_frame(camera, 0, 5) is not None
    assert opened.read_text() == "xxx"
    said = [record.getMessage() for record in caplog.records]
    assert sum("camera frozen" in line for line in said) == 1
    assert sum("camera ok" in line for line in said) == 2


def test_two_may_watch_one_camera() -> None:
    """The door and `edgeverify aim` at once: each gets whole frames, in order."""
    problems: list[str] = []

    def watch(camera: Camera) -> None:
        seen = 0
        for _ in range(20):
            frame = camera.latest(seen, patience(5))
            if frame is None or frame.sequence <= seen or frame.rgb.std() < 50:
                problems.append(f"after {seen}: {frame}")
                return
            seen = frame.sequence

    with camera_that("show(100000)") as camera:
        wait_for_frame(camera, 0, 10)
        threads = [threading.Thread(target=watch, args=(camera,)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert problems == []


def test_a_video_at_its_own_speed_ends_and_says_so(video: Path) -> None:
    began = time.monotonic()
    with camera_at(video) as camera:
        seen = wait_for_frame(camera, 0, 10).sequence
        while camera.health().state is not CameraState.ENDED:
            frame = camera.latest(seen, 0.1)
            seen = seen if frame is None else frame.sequence
        assert "has ended" in camera.health().detail
    # A busy machine passes frames over, but never runs ahead of the video.
    assert seen <= VIDEO_FRAMES
    assert time.monotonic() - began > (VIDEO_FRAMES - 1) / VIDEO_RATE


def test_a_looped_video_never_ends_and_is_never_frozen(video: Path) -> None:
    with camera_at(video, loop=True, frozen_seconds=1.0) as camera:
        seen = 0
        while seen < 2.5 * VIDEO_FRAMES:
            seen = wait_for_frame(camera, seen, 10).sequence
            assert camera.health().state not in {CameraState.ENDED, CameraState.FROZEN}


def test_what_is_not_a_video_is_offline_with_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "scene.mp4"
    path.write_text("not a film")
    with camera_at(path) as camera:
        assert "not a video" in wait_for(camera, CameraState.OFFLINE, 10).detail


def test_a_refused_connection_is_offline_and_names_no_password() -> None:
    with camera_at("rtsp://me:secret@127.0.0.1:9/door") as camera:
        detail = wait_for(camera, CameraState.OFFLINE, 5).detail
        assert "refused" in detail
        assert "secret" not in detail


def test_nonsense_in_the_settings_is_said_at_once() -> None:
    with pytest.raises(ConfigError):
        open_camera(CameraSettings(source="ftp://camera/"))


def test_a_black_film_is_a_black_camera(tmp_path: Path) -> None:
    path = tmp_path / "night.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 20, (160, 120))
    import numpy as np  # noqa: PLC0415

    for _ in range(60):
        writer.write(np.zeros((120, 160, 3), np.uint8))
    writer.release()
    with camera_at(path, loop=True) as camera:
        health = wait_for(camera, CameraState.BLACK, 10)
        assert not health.is_usable


def test_a_daemon_that_is_killed_takes_its_capture_process_along(video: Path) -> None:
    program = (
        "import time\n"
        "from edgeverify.camera.open_camera import open_camera\n"
        "from edgeverify.settings import CameraSettings\n"
        f"camera = open_camera(CameraSettings(source={str(video)!r}, loop=True))\n"
        "print(camera.latest(0, 300) is not None, flush=True)\n"
        "time.sleep(1000)\n"
    )
    daemon = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    with daemon:
        assert daemon.stdout is not None
        assert daemon.stdout.readline() == b"True\n"
        captures = psutil.Process(daemon.pid).children(recursive=True)
        assert captures
        daemon.kill()
    until(lambda: not any(_lives(process) for process in captures), "the captures to end")


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
