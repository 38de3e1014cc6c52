"""Cameras: from a line in the YAML to a slot that holds the newest frame.

Nothing in here imports the settings, except for their types: the capture process, which starts anew
whenever a camera is opened, comes through here too and must be quick.
"""

from __future__ import annotations

from edgeverify.camera.camera import Camera
from edgeverify.camera.health import USABLE, CameraHealth, CameraState
from edgeverify.camera.open_camera import open_camera

__all__ = ["USABLE", "Camera", "CameraHealth", "CameraState", "open_camera"]
