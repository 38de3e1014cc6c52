"""The capture process: opens one camera, writes its frames to shared memory, ends with it.

Started by `CaptureProcess`, never by hand. A process and not a thread, because a camera driver may
block for hours inside `read()` and only a process can be ended then. It dies with the daemon: a
thread waits for the socket to close and takes the whole process group along.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable

import numpy as np

from edgeverify.camera.gstreamer_reader import GstreamerReader
from edgeverify.camera.messages import (
    Captured,
    Failed,
    Opened,
    Order,
    Started,
    receive_order,
    send,
)
from edgeverify.camera.opencv_reader import QUIET, DeviceReader, FileReader, UrlReader
from edgeverify.camera.picture import examine
from edgeverify.camera.reader import BgrImage, Reader, VideoEndedError
from edgeverify.camera.ring import SLOTS, Ring, make_ring
from edgeverify.errors import CameraError

READERS: dict[str, Callable[[Order], Reader]] = {
    "file": FileReader,
    "v4l2": DeviceReader,
    "url": UrlReader,
    "gstreamer": GstreamerReader,
}


def capture(reader: Reader, to: socket.socket) -> None:
    """Announce every frame until the camera or the daemon is gone.

    A new ring is made for the first frame and whenever the camera changes its resolution.
    """
    ring: Ring | None = None
    number = 0
    while True:
        number += 1
        slot = number % SLOTS
        buffer: BgrImage | None = None
        if ring is not None:
            buffer = ring.pixels(slot)
            ring.set_stamp(slot, 0)
        image, captured_at = reader.read(buffer)
        height, width = image.shape[:2]
        before = None if ring is None else ring.pixels((number - 1) % SLOTS)
        if ring is None or (ring.width, ring.height) != (width, height):
            ring, descriptor = make_ring(width, height)
            send(to, Opened(width, height, descriptor))
            os.close(descriptor)
        pixels = ring.pixels(slot)
        if buffer is None or not np.shares_memory(image, pixels):
            pixels[:] = image
        ring.set_stamp(slot, number)
        send(to, Captured(number, slot, captured_at, examine(pixels, before)))


def main() -> None:
    """Serve the order that waits on the socket whose number is the only argument."""
    to = socket.socket(fileno=int(sys.argv[1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the daemon's to handle
    os.environ.update(QUIET)
    import cv2  # noqa: F401, PLC0415  loaded while the daemon still waits for the camera

    try:
        send(to, Started())
    except OSError:
        return
    order = receive_order(to)
    if order is None:
        return
    threading.Thread(target=_die_with_the_daemon, args=(to,), daemon=True).start()
    reader: Reader | None = None
    try:
        reader = READERS[order.kind](order)
        capture(reader, to)
    except VideoEndedError as error:
        send(to, Failed(error.problem, has_ended=True))
    except CameraError as error:
        send(to, Failed(str(error)))
    except BrokenPipeError:
        pass
    finally:
        if reader is not None:
            reader.close()


def _die_with_the_daemon(to: socket.socket) -> None:
    with contextlib.suppress(OSError):
        to.recv(1)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
