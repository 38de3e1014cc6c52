"""Whoever has left does not stay in the picture because the camera changed its stream."""

from __future__ import annotations

import time
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from edgeverify.camera.camera import Camera, CameraState
from edgeverify.camera.open_camera import open_camera
from edgeverify.domain import Frame
from edgeverify.settings import CameraSettings
from tests.camera.changing import LEFT, RIGHT, Form, serving
from tests.camera.conftest import StartServer, wait_for, wait_for_frame
from tests.ports import free_port
from tests.waiting import patience

pytestmark = pytest.mark.usefixtures("nothing_leaks")

H264 = Form(codec="libx264", pixels="yuv420p")
H265 = Form(codec="libx265", pixels="yuv420p")
JPEG = Form(codec="mjpeg", pixels="yuvj420p", full_range=True)


def changes(form: Form) -> dict[str, Form]:
    """Every way in which the stream of a camera changes in its middle."""
    new = replace(form, left=RIGHT, right=LEFT)
    wider, widest = (form.pixels.replace("420", other) for other in ("422", "444"))
    return {
        "smaller": replace(new, width=160, height=120),
        "larger": replace(new, width=640, height=480),
        "another shape": replace(new, width=320, height=180),
        "upright": replace(new, width=240, height=320),
        "grey": replace(new, pixels="gray"),
        "4:2:2": replace(new, pixels=wider),
        "4:4:4": replace(new, pixels=widest),
        "other parameters": new,
    }


ALL = [
    (form, after, f"{form.codec} to {name}")
    for form in (H264, H265, JPEG)
    for name, after in changes(form).items()
    if not (form is H264 and after.is_grey)  # x264 encodes grey as colour without chroma
]
ALL.append(
    (
        H264,
        replace(H264, pixels="yuvj420p", full_range=True, left=RIGHT, right=LEFT),
        "to full range",
    )
)
ALL += [
    (H264, replace(H264, turn=turn, left=RIGHT, right=LEFT), f"libx264 turned by {turn}")
    for turn in (90, 180, 270)
]
QUICK = (
    "libx264 to smaller",
    "libx264 turned by 90",
    "libx265 to larger",
    "mjpeg to grey",
    "mjpeg to 4:2:2",
)
OTHER_SIDES = {"left": RIGHT, "right": LEFT}
ALL += [
    (H264, replace(H264, pixels="yuv420p10le", **OTHER_SIDES), "libx264 to ten bits"),
    (H265, replace(H265, pixels="yuv420p10le", **OTHER_SIDES), "libx265 to ten bits"),
    (H264, replace(H264, aspect=Fraction(16, 11), **OTHER_SIDES), "libx264 to wider pixels"),
    (H265, replace(H265, aspect=Fraction(12, 11), **OTHER_SIDES), "libx265 to wider pixels"),
    (H264, replace(H264, rate=8, **OTHER_SIDES), "libx264 to fewer pictures"),
    (JPEG, replace(JPEG, rate=40, **OTHER_SIDES), "mjpeg to more pictures"),
    (H264, replace(H264, interlaced=True, **OTHER_SIDES), "libx264 to fields"),
    (H264, replace(H265, **OTHER_SIDES), "libx264 to libx265"),
    (H265, replace(H264, width=160, height=120, **OTHER_SIDES), "libx265 to a smaller libx264"),
]
CASES = [
    pytest.param(before, after, id=name, marks=[] if name in QUICK else [pytest.mark.slow])
    for before, after, name in ALL
]


def shows(frame: Frame, form: Form) -> bool:
    """Whether a frame is the form's own picture: its size, its sides, its colours."""
    if (frame.width, frame.height) != form.seen_size:
        return False
    quarter, tolerance = frame.width // 4, 12
    sides = {quarter: form.left, 3 * quarter: form.right}
    for column, colour in sides.items():
        seen = frame.rgb[:, column - 8 : column + 8].reshape(-1, 3).mean(axis=0)
        wanted = np.full(3, np.dot(colour, (0.299, 0.587, 0.114))) if form.is_grey else colour
        if np.abs(seen - wanted).max() > tolerance:
            return False
    # Old rows under new ones would leave another colour at the top or the bottom.
    rows = frame.rgb.astype(float).mean(axis=1)
    return bool((np.abs(rows - rows.mean(axis=0)) < tolerance).all())


def watch_until(camera: Camera, seen: int, after: Form, allowed: Form, seconds: float) -> Frame:
    """Take every frame until the new form shows; each before must be wholly the old form's."""
    end = time.monotonic() + patience(seconds)
    while time.monotonic() < end:
        frame = camera.latest(seen, 0.5)
        if frame is None:
            continue
        seen = frame.sequence
        if shows(frame, after):
            assert frame.is_monochrome is after.is_grey
            return frame
        assert shows(frame, allowed), f"neither: {frame.rgb.shape} {frame.rgb.mean(axis=(0, 1))}"
    raise AssertionError(f"the new pictures never came: {camera.health()}")


@pytest.mark.parametrize(("before", "after"), CASES)
def test_every_picture_is_wholly_the_old_or_wholly_the_new(before: Form, after: Form) -> None:
    with serving(before) as server:
        camera = open_camera(CameraSettings(source=server.url))
        try:
            first = wait_for_frame(camera, 0, 30)
            assert shows(first, before)
            server.shows = after
            frame = watch_until(camera, first.sequence, after, before, 30)
            server.shows = before  # and back again, as at dawn
            watch_until(camera, frame.sequence, before, after, 30)
            wait_for(camera, CameraState.OK, 5)
        finally:
            camera.close()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("form", "size"), [("I420", (320, 180)), ("Y42B", (640, 480)), ("I420", (240, 320))]
)
def test_an_rtsp_camera_whose_settings_are_changed(
    rtsp_server: StartServer, form: str, size: tuple[int, int]
) -> None:
    port = free_port()
    server = rtsp_server(port, 960, 540, encoder="h264")
    camera = open_camera(CameraSettings(source=f"rtsp://127.0.0.1:{port}/door"))
    try:
        frame = wait_for_frame(camera, 0, 20)
        assert (frame.width, frame.height) == (960, 540)
        server.change(form, *size)
        end = time.monotonic() + patience(15)
        while (frame.width, frame.height) != size:
            assert time.monotonic() < end, camera.health()
            frame = camera.latest(frame.sequence, 1.0) or frame
        assert frame.rgb.std() > 40
        wait_for(camera, CameraState.OK, 5)
    finally:
        camera.close()
