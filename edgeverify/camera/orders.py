"""From a source to an order for the capture process; what can be checked cheaply is checked first.

Starting a process costs a third of a second of computing. A camera that is plainly absent should
not cost that every two seconds for a weekend.

A V4L2 camera has a device node only for now: a USB camera that was unplugged may come back as
/dev/video2. Its link in /dev/v4l/by-id keeps its name, so that link is followed afresh each time
the camera is opened. (Never run on hardware by this project: tested on a copy of such a tree.)
"""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from edgeverify.camera.messages import Order
from edgeverify.camera.source import (
    FileSource,
    GstreamerSource,
    SnapshotSource,
    Source,
    UrlSource,
    V4l2Source,
)
from edgeverify.errors import CameraError
from edgeverify.folder_listing import entries

if TYPE_CHECKING:
    from edgeverify.settings import CameraSettings

LINKS = ("dev/v4l/by-id", "dev/v4l/by-path")


def find_device(source: V4l2Source, root: Path = Path("/")) -> Path:
    """Return the device node, all links resolved, below `root`. Raises CameraError without one."""
    named = root / source.device.lstrip("/")
    node = Path(os.path.realpath(named))  # resolve would raise where links lead round
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


MAX_CONNECT_SECONDS = 1.5


def make_order(
    source: Source, settings: CameraSettings, device_root: Path, private: tuple[Path, ...] = ()
) -> Order:
    """Return what to ask for, resolved as it is now. Raises CameraError where nothing is there.

    `private` are the places that the capture process must not be able to open.
    """
    if isinstance(source, FileSource):
        if not source.path.is_file():
            raise CameraError(f"{source}: no such video file")
        kind, place = "file", str(source.path.resolve())
    elif isinstance(source, V4l2Source):
        kind, place = "v4l2", str(find_device(source, device_root))
    elif isinstance(source, UrlSource):
        number = _reach(source, min(settings.open_timeout_seconds, MAX_CONNECT_SECONDS))
        kind = "snapshot" if isinstance(source, SnapshotSource) else "url"
        place = _by_number(source, number)
    else:
        kind, place = "gstreamer", ""
    return Order(
        kind=kind,
        place=place,
        name=str(source),
        words=source.words if isinstance(source, GstreamerSource) else (),
        width=settings.width,
        height=settings.height,
        frames_per_second=settings.frames_per_second,
        loop=settings.loop,
        timeout_seconds=settings.open_timeout_seconds,
        transport=settings.transport,
        port=source.address[1] if isinstance(source, UrlSource) else 0,
        private=tuple(os.path.realpath(path) for path in private),
    )


def _reach(source: UrlSource, timeout_seconds: float) -> str:
    """Return the camera's own address as a number. Raises CameraError where nobody answers."""
    host, port = source.address
    try:
        with socket.create_connection((host, port), timeout_seconds) as connection:
            return str(connection.getpeername()[0])
    except TimeoutError:
        raise CameraError(f"{source}: does not answer on port {port}") from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise CameraError(f"{source}: port {port}: {reason}") from None


def _by_number(source: UrlSource, number: str) -> str:
    """Return the address with a `.local` name as a number.

    Such names are answered by a service of this machine over a local socket, which the capture
    process may not use.
    """
    parts = urlsplit(source.url)
    if not source.address[0].lower().endswith(".local"):
        return source.url
    shown = f"[{number}]" if ":" in number else number
    login, at, _host = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{login}{at}{shown}:{source.address[1]}"))
