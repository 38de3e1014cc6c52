"""Which device node a V4L2 camera has right now.

A USB camera that was unplugged may come back as /dev/video2. Its link in /dev/v4l/by-id keeps its
name, so that link is followed afresh each time the camera is opened. (Never run on hardware by
this project: tested on a copy of such a tree.)
"""

from __future__ import annotations

import os
from pathlib import Path

from edgeverify.camera.source import V4l2Source
from edgeverify.errors import CameraError
from edgeverify.folder_listing import entries

LINKS = ("dev/v4l/by-id", "dev/v4l/by-path")


def find_device(source: V4l2Source, root: Path = Path("/")) -> Path:
    """Return the device node, all links resolved, below `root`. Raises CameraError without one."""
    named = root / source.device.lstrip("/")
    node = named.resolve()
    if not node.is_relative_to(root.resolve() / "dev"):
        raise CameraError(f"{source.device}: leads out of /dev, to {node}")
    if not node.exists():
        raise CameraError(f"{source.device}: no such camera", advice=_advice(root))
    if root == Path("/") and not node.is_char_device():
        raise CameraError(f"{source.device}: not a device")
    if not os.access(node, os.R_OK | os.W_OK):
        raise CameraError(
            f"{source.device}: no permission",
            advice="Put the user that runs edgeverify into the group 'video'.",
        )
    return node


def list_devices(root: Path = Path("/")) -> tuple[str, ...]:
    """Names of the cameras there are, lasting names first, as the YAML takes them."""
    folders = [root / link for link in LINKS]
    links = [path for folder in folders for path in entries(folder)]
    nodes = entries(root / "dev", "video*")
    return tuple(f"/{path.relative_to(root)}" for path in [*links, *nodes] if path.exists())


def _advice(root: Path) -> str:
    names = list_devices(root)
    return f"There is: {', '.join(names)}" if names else "No camera is plugged in"
