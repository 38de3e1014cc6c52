"""What may stand in `camera.source`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from edgeverify.camera.source import (
    FileSource,
    GstreamerSource,
    Source,
    UrlSource,
    V4l2Source,
    parse_source,
    public_name,
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
        *("ftp://cam/x", "rtsp://", "rtsp://cam:99999/", "rtsp://cam:0/", "rtsp://[::1/"),
        *("gst:", "gst: ! x", "gst: x !", "gst: a ! ! b", "gst: 'unclosed"),
        *("usb:0", "csi:0", "-1", "0x1", "data:image/png;base64,xx", "concat:a|b", "C:\\x.mp4"),
        *("//camera/share/1.mp4", "\\\\camera\\share"),
    ],
)
def test_what_makes_no_sense_is_refused_with_advice(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_source(text, HERE)
    assert "camera.source" in caught.value.problem
    assert caught.value.advice or "port" in caught.value.problem.lower()


@pytest.mark.parametrize(
    "text",
    [
        "rtsp://admin:hunter2@cam.lan:8554/door",
        "rtsp://cam.lan:8554/user=admin_password=hunter2_channel=1_stream=0.sdp",
        "rtsp://cam.lan:8554/door?user=admin&pwd=hunter2",
        "rtsp://cam.lan:8554/hunter2/stream",
        "RTSP://hunter2@cam.lan:8554",
    ],
)
def test_of_an_address_only_scheme_host_and_port_are_shown(text: str) -> None:
    """And four letters by which a changed address can be told."""
    source = parse_source(text, HERE)
    assert isinstance(source, UrlSource)
    assert source.address == ("cam.lan", 8554)
    assert re.fullmatch(r"rtsp://cam\.lan:8554 \(address [0-9a-f]{4}\)", str(source))
    assert public_name(text) == str(source)


def test_a_file_may_be_called_as_it_likes_where_it_is_there(tmp_path: Path) -> None:
    for name in ("2026-11-29 08:00.mp4", "door:1.avi"):
        (tmp_path / name).touch()
        assert parse_source(name, tmp_path) == FileSource(tmp_path / name)


def test_a_folder_is_no_video_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is a folder") as caught:
        parse_source(".", tmp_path)
    assert "a video file" in caught.value.advice


def test_another_password_is_another_name() -> None:
    names = {public_name(f"rtsp://admin:{word}@cam/") for word in ("one", "two", "three")}
    assert len(names) == 3


@pytest.mark.parametrize(
    "text", ["snapshot:hunter2@cam/x", "snapshot:admin:hunter2@cam", "snapshot://admin:hunter2@cam"]
)
def test_a_snapshot_without_its_scheme_is_said_without_a_letter_of_it(text: str) -> None:
    with pytest.raises(ConfigError, match="asked for over http") as caught:
        parse_source(text, Path())
    assert "hunter2" not in str(caught.value)
    assert "hunter2" not in public_name(text)


@pytest.mark.parametrize(
    "text",
    [
        "http//admin:hunter2@cam/x",
        "RTSP ://admin:hunter2@cam/x",
        "cam.lan/user=admin_password=hunter2",
        "cam.lan/live?token=hunter2",
        "admin/hunter2@cam.lan",
        "cam.lan:554/hunter2/stream",
        "cam_1:8080/token-hunter2",
        "/admin:hunter2@cam.lan/stream",
    ],
)
def test_an_address_without_its_scheme_is_no_files_name(text: str) -> None:
    """It was one, and the status and the log said of which file, password and all."""
    with pytest.raises(ConfigError, match="neither a video file") as caught:
        parse_source(text, HERE)
    assert "hunter2" not in str(caught.value)
    assert "hunter2" not in public_name(text)


@pytest.mark.parametrize(
    "text",
    [
        *(f"rtsp://admin:hun{letter}ter2@cam.lan/door" for letter in "/?#@%"),
        *(f"rtsp://admin:12{letter}ter2@cam.lan/door" for letter in "/?#"),
        "rtsp://cam.lan/user=admin_password=hun#ter2",
        "rtsp://cam.lan/user=admin_password=hun ter2",
    ],
)
def test_what_must_be_encoded_is_said_without_a_letter_of_it(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_source(text, HERE)
    assert "percent-encoded" in caught.value.advice
    assert not {"hun", "ter2", "admin", "cam.lan"} & set(re.split(r"\W+", str(caught.value)))
    assert public_name(text) == "rtsp:// ..."


@pytest.mark.parametrize(
    "text",
    [
        "rtsp://admin%3Ahunter2%40cam.lan/door",
        "rtsp://cam.lan%2Fhunter2",
        *(f"rtsp://cam.lan{letter}hunter2/1" for letter in ";,!$&'*()+=~|\"{}\\\u200b"),
    ],
)
def test_what_can_be_no_host_is_not_shown_as_one(text: str) -> None:
    """Least of all where the : and the @ between password and host were encoded too."""
    with pytest.raises(ConfigError, match="no host has") as caught:
        parse_source(text, HERE)
    assert "the @ before the host stay as they are" in caught.value.advice
    assert "hunter2" not in str(caught.value)
    assert public_name(text) == "rtsp:// ..."


@pytest.mark.parametrize(
    "host", ["cam_1.lan", "türkamera.example", "192.168.1.10", "[::1]", "[fe80::1%25eth0]"]
)
def test_every_host_that_there_can_be_is_one(host: str) -> None:
    source = parse_source(f"rtsp://admin:hunter2@{host}/1", HERE)
    assert isinstance(source, UrlSource)
    assert source.address == (host.strip("[]"), 554)


@pytest.mark.parametrize(
    "text",
    [
        "gst: videotestsrc ! videoconvert ! appsink drop=1 max-buffers=1",
        "gst: videotestsrc ! fdsink",
        "gst: rtspsrc location=rtsp://me:hunter2@cam ! decodebin ! autovideosink sync=false",
    ],
)
def test_a_pipeline_that_has_its_end_already_is_refused(text: str) -> None:
    """Nothing can be linked behind a sink, so it could never start; most are OpenCV's."""
    with pytest.raises(ConfigError, match="a pipeline ends before its sink") as caught:
        parse_source(text, HERE)
    assert "out: edgeverify adds its own end" in caught.value.advice
    assert "hunter2" not in str(caught.value)


def test_a_sink_on_a_branch_is_no_end() -> None:
    text = "gst: videotestsrc ! tee name=both both. ! queue ! fakesink both. ! queue"
    assert isinstance(parse_source(text, HERE), GstreamerSource)


def test_a_pipelines_password_is_not_shown() -> None:
    assert public_name("gst: rtspsrc location=rtsp://me:hunter2@cam ! decodebin") == (
        "gst: rtspsrc ..."
    )


@pytest.mark.parametrize(
    "text",
    [
        "gst: rtsp://me:hunter2@cam/1 ! decodebin",
        "gst: location=rtsp://me:hunter2@cam ! decodebin",
        'gst: "rtspsrc location=rtsp://me:hunter2@cam" ! decodebin',
        "gst: rtspsrc,location=hunter2 ! decodebin",
    ],
)
def test_what_is_no_elements_name_is_not_shown(text: str) -> None:
    """GStreamer takes an address for a source, in the place of an element."""
    assert public_name(text) == "gst: ..."
