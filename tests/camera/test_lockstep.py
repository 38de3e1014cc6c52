"""A replay is the same every time, however slowly it is watched."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from edgeverify.camera.camera import Camera, CameraState
from edgeverify.camera.open_camera import open_camera
from edgeverify.settings import CameraSettings
from tests.camera.conftest import VIDEO_FRAMES, VIDEO_RATE


def replay(path: Path, *, loop: bool = False) -> Camera:
    return open_camera(CameraSettings(source=str(path), pace="lockstep", loop=loop))


def test_every_frame_comes_once_with_the_videos_own_time(video: Path) -> None:
    camera = replay(video)
    assert camera.now() == 0.0
    times, seen = [], 0
    while (frame := camera.latest(seen, 0.0)) is not None:
        assert frame.sequence == seen + 1
        assert camera.now() == frame.captured_at
        seen = frame.sequence
        times.append(frame.captured_at)
    assert times == [number / VIDEO_RATE for number in range(1, VIDEO_FRAMES + 1)]
    health = camera.health()
    assert health.state is CameraState.ENDED
    assert "has ended" in health.detail
    assert not health.is_usable


def test_a_frame_waits_until_it_is_acknowledged(video: Path) -> None:
    camera = replay(video)
    first = camera.latest(0, 0.0)
    assert first is not None
    assert camera.latest(0, 0.0) is first
    time.sleep(0.1)
    assert camera.latest(0, 0.0) is first
    second = camera.latest(1, 0.0)
    assert second is not None
    assert second.sequence == 2


def test_two_replays_are_equal_to_the_pixel(video: Path) -> None:
    one, other = replay(video), replay(video)
    for seen in range(VIDEO_FRAMES):
        left, right = one.latest(seen, 0.0), other.latest(seen, 0.0)
        assert left is not None
        assert right is not None
        assert np.array_equal(left.rgb, right.rgb)
        assert one.health() == other.health()


def test_a_loop_goes_on_and_so_does_its_time(video: Path) -> None:
    camera, seen, at = replay(video, loop=True), 0, 0.0
    for _ in range(2 * VIDEO_FRAMES + 5):
        frame = camera.latest(seen, 0.0)
        assert frame is not None
        assert frame.captured_at > at
        seen, at = frame.sequence, frame.captured_at
    assert camera.health().state is CameraState.OK  # a file may show the same picture for ever


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "no such video file"),
        (b"", "not a video"),
        (b"a text file, not a film\n" * 50, "not a video"),
    ],
)
def test_what_is_not_a_video_is_a_state_with_a_sentence(
    tmp_path: Path, content: bytes | None, says: str
) -> None:
    path = tmp_path / "scene.avi"
    if content is not None:
        path.write_bytes(content)
    camera = replay(path)
    assert camera.latest(0, 0.0) is None
    health = camera.health()
    assert health.state is CameraState.OFFLINE
    assert says in health.detail
    assert str(path) in health.detail
    camera.close()


def test_a_video_cut_short_ends_where_it_was_cut(video: Path) -> None:
    whole = video.read_bytes()
    video.write_bytes(whole[: len(whole) // 2])
    camera, seen = replay(video), 0
    while (frame := camera.latest(seen, 0.0)) is not None:
        seen = frame.sequence
    assert 0 < seen < VIDEO_FRAMES
    assert camera.health().state is CameraState.ENDED


def test_real_footage_reads_to_its_end(testdata: Path) -> None:
    camera, seen = replay(testdata / "videos/ageitgey/short_hamilton_clip.mp4"), 0
    states = set()
    while (frame := camera.latest(seen, 0.0)) is not None:
        seen = frame.sequence
        states.add(camera.health().state)
    assert seen == 275
    assert states == {CameraState.OK}


@pytest.mark.usefixtures("nothing_leaks")
def test_closing_twice_leaves_nothing(video: Path) -> None:
    camera = replay(video)
    assert camera.latest(0, 0.0) is not None
    camera.close()
    camera.close()
    assert camera.latest(1, 0.0) is None
    assert not camera.health().is_usable
