"""A camera that turns grey at dusk, and a grey jacket that does not."""

from __future__ import annotations

import time

import pytest

from edgeverify.camera.monochrome import SETTLED_SECONDS, MonochromeWatch
from edgeverify.camera.open_camera import open_camera
from edgeverify.settings import CameraSettings
from tests.camera.changing import Form, serving
from tests.camera.conftest import wait_for_frame


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
