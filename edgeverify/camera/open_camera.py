"""The one way to get a camera."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from edgeverify.camera.camera import Camera
from edgeverify.camera.live import LiveCamera, LiveSource
from edgeverify.camera.orders import make_order
from edgeverify.camera.scene import SceneWatch
from edgeverify.camera.source import FileSource, parse_source

if TYPE_CHECKING:
    from edgeverify.settings import CameraSettings


def open_camera(
    settings: CameraSettings,
    clock: Callable[[], float] = time.monotonic,
    *,
    folder: Path | None = None,
    device_root: Path = Path("/"),
    scene_file: Path | None = None,
    private: tuple[Path, ...] = (),
) -> Camera:
    """Open the camera that the settings name, and keep it open until `close`.

    A camera that is not there now is not an error: its health says so, and it is tried again for
    ever. Raises ConfigError where `settings.source` cannot be understood. `clock` must be
    CLOCK_MONOTONIC seconds (capture times come from another process); lockstep files take time
    from the video instead. Relative files lie in `folder` (default: the working directory), devices
    in `device_root`. `scene_file` is where the daily reference picture of
    `settings.reference_picture` is kept; without it there is none. The process that decodes the
    stream proves that it cannot open any of the `private` places (the state, the config's folder).
    """
    source = parse_source(settings.source, folder or Path())
    if isinstance(source, FileSource) and settings.pace == "lockstep":
        # FFmpeg is loaded here and in the capture process, never in the daemon of a real door.
        from edgeverify.camera.lockstep import LockstepCamera  # noqa: PLC0415

        return LockstepCamera(source.path, settings)
    live = LiveSource(
        name=str(source),
        make_order=partial(make_order, source, settings, device_root, private),
        is_file=isinstance(source, FileSource),
        scene=SceneWatch(scene_file) if scene_file and settings.reference_picture else None,
    )
    return LiveCamera(live, settings, clock, Random())  # noqa: S311  jitter, not a secret
