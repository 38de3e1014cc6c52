"""Cameras: from a line in the YAML to a slot that holds the newest frame."""

from __future__ import annotations

from edgeverify.camera.camera import Camera
from edgeverify.camera.health import USABLE, CameraHealth, CameraState
from edgeverify.camera.open_camera import open_camera

__all__ = ["USABLE", "Camera", "CameraHealth", "CameraState", "open_camera"]
