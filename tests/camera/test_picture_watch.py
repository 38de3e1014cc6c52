"""From pictures to a state: named in time, never flickering, never forgotten too soon."""

from __future__ import annotations

import time
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edgeverify.camera.camera import CameraState
from edgeverify.camera.open_camera import open_camera
from edgeverify.camera.picture import Picture
from edgeverify.camera.picture_watch import SETTLED_SECONDS, MonochromeWatch, PictureWatch
from edgeverify.settings import CameraSettings
from tests.camera.changing import Form, serving
from tests.camera.conftest import scene, wait_for_frame
from tests.camera.drawn import examine

INTERVAL = 1 / 15
GOOD = [examine(scene(seed)) for seed in range(40)]


def flat(value: int, noise: float = 1.0, seed: int = 0) -> NDArray[np.uint8]:
    random = np.random.default_rng(seed)
    return np.clip(random.normal(value, noise, (120, 160, 3)), 0, 255).astype(np.uint8)


def torn(seed: int) -> Picture:
    picture = scene(seed)
    picture[140:] = 128
    return examine(picture)


class Door:
    """A watch and the time that passes before it."""

    def __init__(self, *, is_file: bool = False) -> None:
        self.watch = PictureWatch(CameraSettings(), is_file=is_file)
        self.at = 100.0
        self._good = 0

    def sees(self, *pictures: Picture) -> list[CameraState]:
        states = []
        for picture in pictures:
            self.at += INTERVAL
            states.append(self.watch.look(picture, self.at).state)
        return states

    def sees_good(self, seconds: float) -> list[CameraState]:
        count = round(seconds / INTERVAL)
        fresh = [
            Picture(
                thumbnail=GOOD[(self._good + i) % 40].thumbnail,
                checksum=-i - self._good,
                filled_rows=0,
            )
            for i in range(count)
        ]
        self._good += count
        return self.sees(*fresh)


FAULTS = {
    CameraState.BLACK: [examine(flat(3, seed=seed)) for seed in range(30)],
    CameraState.OVEREXPOSED: [examine(flat(252, seed=seed)) for seed in range(30)],
    CameraState.COVERED: [examine(flat(70, seed=seed)) for seed in range(30)],
    CameraState.TORN: [torn(seed) for seed in range(30)],
}


@pytest.mark.parametrize("state", FAULTS)
def test_a_slow_camera_names_a_fault_by_its_first_picture(state: CameraState) -> None:
    """At 1 a second another picture would come too late for the promised two seconds."""
    watch = PictureWatch(CameraSettings(), is_file=False)
    for second, picture in enumerate(GOOD[:5]):
        assert watch.look(picture, float(second)).state is CameraState.OK
    verdict = watch.look(FAULTS[state][0], 5.0)
    assert verdict.state is state
    assert verdict.since == 4.0


def test_a_picture_that_was_shown_before_is_a_repeat_but_not_from_a_file() -> None:
    for is_file in (False, True):
        door = Door(is_file=is_file)
        for picture in (GOOD[0], GOOD[1], GOOD[2]):
            door.sees(picture)
            assert not door.watch.is_repeat
        for picture in (GOOD[2], GOOD[0]):
            door.sees(picture)
            assert door.watch.is_repeat is not is_file


@pytest.mark.parametrize("state", FAULTS)
def test_each_fault_is_named_within_a_second_and_leaves_within_two(state: CameraState) -> None:
    door = Door()
    assert set(door.sees_good(3)) == {CameraState.OK}
    states = door.sees(*FAULTS[state])
    assert states[14] is state
    assert set(states) == {CameraState.OK, state}
    assert door.watch.verdict.detail
    assert door.sees_good(2)[-1] is CameraState.OK


@pytest.mark.parametrize("state", FAULTS)
def test_a_camera_that_is_broken_when_it_starts_never_was_ok(state: CameraState) -> None:
    assert set(Door().sees(*FAULTS[state])) == {state}


def test_a_hand_before_the_lens_for_a_blink_is_no_fault() -> None:
    door = Door()
    door.sees_good(1)
    assert set(door.sees(*FAULTS[CameraState.COVERED][:5])) == {CameraState.OK}
    assert set(door.sees_good(2)) == {CameraState.OK}


def test_every_second_picture_torn_is_a_torn_camera() -> None:
    door = Door()
    door.sees_good(1)
    states: list[CameraState] = []
    for picture in FAULTS[CameraState.TORN]:
        states += door.sees(picture) + door.sees_good(INTERVAL)
    assert CameraState.TORN in states[:30]
    assert states[-1] is CameraState.TORN


def test_a_still_picture_is_frozen_after_ten_seconds_but_not_from_a_file() -> None:
    camera, film = Door(), Door(is_file=True)
    for door in (camera, film):
        door.sees_good(1)
        assert set(door.sees(*[GOOD[0]] * 145)) == {CameraState.OK}
        door.sees(*[GOOD[0]] * 10)
    assert camera.watch.verdict.state is CameraState.FROZEN
    assert film.watch.verdict.state is CameraState.OK
    assert camera.sees_good(2)[-1] is CameraState.OK


def test_a_recording_in_a_loop_is_frozen_too() -> None:
    door = Door()
    states = door.sees(*GOOD * 6)  # 2.7 s of film, six times
    assert states[40] is CameraState.OK
    assert states[-1] is CameraState.FROZEN


@given(
    levels=st.lists(st.floats(9, 15), min_size=30, max_size=120),
)
def test_twilight_around_the_limit_does_not_flicker(levels: list[float]) -> None:
    """However the brightness trembles, states change at most every half second."""
    watch, at, changes = PictureWatch(CameraSettings(), is_file=True), 0.0, []
    state = None
    for index, level in enumerate(levels):
        at += INTERVAL
        thumbnail = np.full((36, 64), round(level), np.uint8)
        thumbnail[:, :32] = round(level) + 14
        thumbnail[:, 32:] = max(0, round(level) - 14)
        picture = Picture(thumbnail=thumbnail.tobytes(), checksum=index, filled_rows=0.0)
        if (now := watch.look(picture, at).state) is not state:
            changes.append(at)
            state = now
    assert all(b - a >= 0.45 for a, b in pairwise(changes))


@given(
    kinds=st.lists(st.sampled_from([*FAULTS, CameraState.OK]), min_size=1, max_size=60),
    wrong=st.sampled_from([*FAULTS]),
)
def test_whatever_came_before_a_lasting_fault_is_unusable_within_a_second(
    kinds: list[CameraState], wrong: CameraState
) -> None:
    door = Door()
    for index, kind in enumerate(kinds):
        if kind is CameraState.OK:
            door.sees_good(INTERVAL)
        else:
            door.sees(FAULTS[kind][index % 30])
    assert door.sees(*FAULTS[wrong][:15])[-1] not in {CameraState.OK, CameraState.STARTING}
    assert door.sees(*FAULTS[wrong][15:])[-1] is wrong


def test_the_first_picture_decides_and_a_moment_does_not() -> None:
    watch = MonochromeWatch()
    watch.look(10.0, is_monochrome=True)
    assert watch.is_monochrome
    watch.look(11.0, is_monochrome=False)
    watch.look(11.5, is_monochrome=True)
    watch.look(12.0, is_monochrome=False)
    watch.look(12.0 + SETTLED_SECONDS - 0.1, is_monochrome=False)
    assert watch.is_monochrome
    watch.look(12.0 + SETTLED_SECONDS, is_monochrome=False)
    assert not watch.is_monochrome


@pytest.mark.usefixtures("nothing_leaks")
@pytest.mark.parametrize("is_encoded_grey", [True, False], ids=["a grey codec", "no chroma"])
def test_an_infrared_camera_says_that_it_shows_no_colour(*, is_encoded_grey: bool) -> None:
    grey = (90, 90, 90)
    form = Form(
        codec="mjpeg",
        pixels="gray" if is_encoded_grey else "yuvj420p",
        full_range=True,
        left=grey,
        right=(160, 160, 160),
    )
    with serving(form) as server:
        camera = open_camera(CameraSettings(source=server.url))
        try:
            frame = wait_for_frame(camera, 0, 20)
            assert frame.is_monochrome
            assert camera.health().is_monochrome
            server.shows = Form(codec="mjpeg", pixels="yuvj420p", full_range=True)
            end = time.monotonic() + 20
            while camera.health().is_monochrome:
                assert time.monotonic() < end
                time.sleep(0.05)
        finally:
            camera.close()
