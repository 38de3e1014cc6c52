"""What may stand in `camera.source`."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeverify.camera.source import (
    FileSource,
    GstreamerSource,
    Source,
    UrlSource,
    V4l2Source,
    parse_source,
)
from edgeverify.errors import ConfigError

HERE = Path("/etc/edgeverify")


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("0", V4l2Source("/dev/video0")),
        ("12", V4l2Source("/dev/video12")),
        ("/dev/video3", V4l2Source("/dev/video3")),
        ("/dev/v4l/by-id/usb-Cam-index0", V4l2Source("/dev/v4l/by-id/usb-Cam-index0")),
        ("scene.mp4", FileSource(HERE / "scene.mp4")),
        ("/srv/scene.mp4", FileSource(Path("/srv/scene.mp4"))),
        ("rtsp://cam/door", UrlSource("rtsp://cam/door")),
        ("https://cam:8443/mjpeg", UrlSource("https://cam:8443/mjpeg")),
        (
            "gst: nvarguscamerasrc ! 'video/x-raw(memory:NVMM), width=1280' ! nvvidconv",
            GstreamerSource(
                (
                    "nvarguscamerasrc",
                    "!",
                    "video/x-raw(memory:NVMM), width=1280",
                    "!",
                    "nvvidconv",
                )
            ),
        ),
    ],
)
def test_each_kind_is_told_by_its_looks(text: str, source: Source) -> None:
    assert parse_source(text, HERE) == source


@pytest.mark.parametrize(
    "text",
    [
        *("", "  ", "a\0b"),
        *("ftp://cam/x", "rtsp://", "rtsp://cam:99999/", "rtsp://[::1/"),
        *("gst:", "gst: ! x", "gst: x !", "gst: 'unclosed"),
    ],
)
def test_what_makes_no_sense_is_refused_with_advice(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_source(text, HERE)
    assert "camera.source" in caught.value.problem
    assert caught.value.advice or "port" in caught.value.problem.lower()


def test_a_password_is_never_shown() -> None:
    source = parse_source("rtsp://admin:hunter2@cam.lan:8554/door?key=hunter2", HERE)
    assert isinstance(source, UrlSource)
    assert str(source) == "rtsp://cam.lan:8554/door"
    assert source.address == ("cam.lan", 8554)
