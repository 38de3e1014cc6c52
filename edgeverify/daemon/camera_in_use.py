"""The camera in use; a reload may replace it without the loop noticing more than a gap."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from edgeverify.camera.camera import Camera, CameraHealth
from edgeverify.camera.open_camera import open_camera
from edgeverify.domain import Frame
from edgeverify.settings import CameraSettings


class CameraInUse:
    """Holds one camera and hands out its frames with sequences that never fall.

    `opener` never fails for an absent camera; its health says so.
    """

    def __init__(
        self, settings: CameraSettings, opener: Callable[[CameraSettings], Camera]
    ) -> None:
        self._open = opener
        self._lock = threading.Lock()
        self._settings = settings
        self._camera = opener(settings)
        self._base = 0
        self._newest = 0

    def latest(self, after_sequence: int, timeout_seconds: float) -> Frame | None:
        """Return the newest frame above `after_sequence`, or None; see `Camera.latest`."""
        with self._lock:
            camera, base = self._camera, self._base
        frame = camera.latest(max(0, after_sequence - base), timeout_seconds)
        if frame is None:
            return None
        sequence = base + frame.sequence
        self._newest = max(self._newest, sequence)
        return Frame(rgb=frame.rgb, sequence=sequence, captured_at=frame.captured_at)

    def health(self) -> CameraHealth:
        """Return how the camera is."""
        return self._camera.health()

    def now(self) -> float:
        """Return the seconds on the clock that stamps the frames."""
        return self._camera.now()

    def use(self, settings: CameraSettings) -> bool:
        """Open another camera where the settings differ; return whether they did.

        The new one is opened before the old one goes, so that a failure leaves the old one; the
        same device cannot be opened twice, so it is closed first where the source stays.
        """
        if settings == self._settings:
            return False
        if settings.source == self._settings.source:
            self._camera.close()
        camera = self._open(settings)
        with self._lock:
            old, self._camera = self._camera, camera
            self._base = self._newest
            self._settings = settings
        old.close()
        return True

    def close(self) -> None:
        """Let go of the camera."""
        self._camera.close()


def camera_opener(config: Path, state: Path) -> Callable[[CameraSettings], Camera]:
    """Return what opens this door's camera; its process may read neither of the two folders."""

    def opener(wanted: CameraSettings) -> Camera:
        scene = state / "scene.png"
        return open_camera(wanted, folder=config, scene_file=scene, private=(state, config))

    return opener
