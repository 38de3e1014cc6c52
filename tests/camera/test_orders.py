"""A USB camera comes back under another number. On a copy of a device tree, not on hardware."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeverify.camera.camera import CameraState
from edgeverify.camera.open_camera import open_camera
from edgeverify.camera.orders import find_device, list_devices
from edgeverify.camera.source import V4l2Source
from edgeverify.errors import CameraError
from edgeverify.settings import CameraSettings
from tests.camera.conftest import wait_for

LINK = "/dev/v4l/by-id/usb-046d_HD_Webcam-video-index0"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "dev/v4l/by-id").mkdir(parents=True)
    plug_in(tmp_path, "video0")
    return tmp_path


def plug_in(root: Path, node: str) -> None:
    (root / "dev" / node).touch()
    link = root / LINK.lstrip("/")
    link.unlink(missing_ok=True)
    link.symlink_to(f"../../{node}")


def test_the_lasting_name_follows_the_camera_to_its_new_number(root: Path) -> None:
    assert find_device(V4l2Source(LINK), root).name == "video0"
    (root / "dev/video0").unlink()
    with pytest.raises(CameraError, match="no such camera"):
        find_device(V4l2Source(LINK), root)
    plug_in(root, "video2")
    assert find_device(V4l2Source(LINK), root).name == "video2"


def test_a_missing_camera_is_answered_with_those_there_are(root: Path) -> None:
    with pytest.raises(CameraError) as caught:
        find_device(V4l2Source("/dev/video7"), root)
    assert LINK in caught.value.advice
    assert list_devices(root) == (LINK, "/dev/video0")


def test_no_camera_at_all(tmp_path: Path) -> None:
    with pytest.raises(CameraError) as caught:
        find_device(V4l2Source("/dev/video0"), tmp_path)
    assert "plugged in" in caught.value.advice


def test_a_link_that_leads_out_of_dev_is_not_followed(root: Path) -> None:
    (root / "secret").touch()
    (root / "dev/video9").symlink_to("../secret")
    with pytest.raises(CameraError, match="leads out"):
        find_device(V4l2Source("/dev/video9"), root)


def test_links_that_lead_round_are_no_camera(root: Path) -> None:
    (root / "dev/video8").symlink_to("video8")
    with pytest.raises(CameraError, match="no such camera"):
        find_device(V4l2Source("/dev/video8"), root)


@pytest.mark.usefixtures("nothing_leaks")
def test_an_unplugged_camera_is_offline_and_not_an_exception(root: Path) -> None:
    camera = open_camera(CameraSettings(source="/dev/video5"), device_root=root)
    try:
        assert "no such camera" in wait_for(camera, CameraState.OFFLINE, 5).detail
        assert camera.latest(0, 0.0) is None
    finally:
        camera.close()
