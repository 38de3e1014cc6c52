"""A camera that was turned, or swapped, is noticed; lamps and passers-by are not."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edgeverify.camera.scene import MOVED_BELOW, SceneWatch, likeness
from tests.camera.drawn import examine, miniature

HOUR = 3600.0


def room(seed: int) -> NDArray[np.uint8]:
    """A room of twelve grey boxes."""
    random = np.random.default_rng(seed)
    picture = np.full((360, 640, 3), 90, np.uint8)
    for _ in range(12):
        x, y = random.integers(0, 560), random.integers(0, 300)
        wide, high = random.integers(40, 200, 2)
        picture[y : y + high, x : x + wide] = random.integers(30, 220)
    return picture


def lit(picture: NDArray[np.uint8], gain: float, noise: float, seed: int) -> NDArray[np.uint8]:
    random = np.random.default_rng(seed)
    values = picture * gain + random.normal(0, noise, picture.shape)
    return np.clip(values, 0, 255).astype(np.uint8)


def moved(picture: NDArray[np.uint8], share: float) -> NDArray[np.uint8]:
    matrix = np.array([[1, 0, share * 640], [0, 1, share * 360]])
    return cv2.warpAffine(picture, matrix, (640, 360), borderMode=cv2.BORDER_REFLECT)


def watch_for(
    watch: SceneWatch, picture: NDArray[np.uint8], minutes: int, at: float
) -> float | None:
    thumbnail = examine(picture).thumbnail
    for second in range(minutes * 60):
        watch.look(thumbnail, at + second)
    return watch.moved_since


@given(
    seed=st.integers(0, 500),
    gain=st.floats(0.5, 1.1),
    noise=st.floats(0, 6),
)
def test_light_and_noise_do_not_change_the_scene(seed: int, gain: float, noise: float) -> None:
    picture = room(seed)
    one, other = miniature(picture), miniature(lit(picture, gain, noise, seed))
    assert likeness(one, other) > MOVED_BELOW


@given(seed=st.integers(0, 500))
def test_another_room_is_another_scene(seed: int) -> None:
    one, other = miniature(room(seed)), miniature(room(seed + 1000))
    assert likeness(one, other) < MOVED_BELOW


@given(seed=st.integers(0, 500))
def test_likeness_is_symmetric_and_full_with_itself(seed: int) -> None:
    one, other = miniature(room(seed)), miniature(room(seed + 1))
    assert likeness(one, one) == pytest.approx(1.0)
    assert likeness(one, other) == pytest.approx(likeness(other, one))
    assert likeness(one, np.full_like(one, 90)) == 0.0


def test_a_camera_that_was_turned_is_noticed_in_two_minutes(tmp_path: Path) -> None:
    watch = SceneWatch(tmp_path / "scene.png")
    assert watch_for(watch, room(1), 3, 0.0) is None
    assert watch_for(watch, moved(room(1), 0.1), 1, HOUR) is None  # somebody leans on it
    assert watch_for(watch, moved(room(1), 0.1), 1, HOUR + 60) is not None
    assert "scene.png" in watch.detail
    assert watch_for(watch, room(1), 1, 2 * HOUR) is None  # turned back


def test_a_camera_swapped_while_the_door_was_off_is_noticed(tmp_path: Path) -> None:
    file = tmp_path / "scene.png"
    watch_for(SceneWatch(file), room(1), 1, 0.0)
    assert file.stat().st_mode & 0o777 == 0o600
    assert watch_for(SceneWatch(file), room(2), 2, 0.0) is not None
    file.unlink()  # as the detail says: accepted
    assert watch_for(SceneWatch(file), room(2), 2, 0.0) is None


def test_somebody_who_walks_past_is_not_in_the_scene(tmp_path: Path) -> None:
    watch, picture = SceneWatch(tmp_path / "scene.png"), room(1)
    watch_for(watch, picture, 1, 0.0)
    for second in range(600):
        seen = picture.copy()
        if second % 3 == 0:
            seen[60:, (second * 37) % 400 :][:, :240] = 150
        watch.look(examine(seen).thumbnail, 60.0 + second)
    assert watch.moved_since is None


def test_the_reference_follows_slow_changes_once_a_day(tmp_path: Path) -> None:
    file = tmp_path / "scene.png"
    watch = SceneWatch(file)
    watch_for(watch, room(1), 1, 0.0)
    first = file.read_bytes()
    slightly = moved(room(1), 0.01)
    watch_for(watch, slightly, 1, 12 * HOUR)
    assert file.read_bytes() == first
    watch_for(watch, slightly, 1, 25 * HOUR)
    assert file.read_bytes() != first


@pytest.mark.parametrize("content", [b"", b"not a picture", None])
def test_a_spoilt_reference_is_made_anew(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "scene.png"
    if content is not None:
        file.write_bytes(content)
    watch_for(SceneWatch(file), room(1), 1, 0.0)
    assert cv2.imread(str(file), cv2.IMREAD_GRAYSCALE).shape == (36, 64)


def test_a_folder_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    assert watch_for(SceneWatch(tmp_path / "gone/scene.png"), room(1), 3, 0.0) is None
