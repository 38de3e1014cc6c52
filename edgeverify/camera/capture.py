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

from edgeverify.camera.confinement.confine import confine
from edgeverify.camera.messages import (
    Captured,
    Confined,
    Failed,
    Opened,
    Order,
    Started,
    receive_order,
    send,
)
from edgeverify.camera.picture import Rows
from edgeverify.camera.pixels import Developer
from edgeverify.camera.reader import Reader, VideoEndedError
from edgeverify.camera.ring import SLOTS, Ring, make_ring
from edgeverify.errors import CameraError


def open_reader(order: Order) -> Reader:
    """Return the reader of the order's kind, opened. Raises CameraError."""
    if order.kind == "file":
        from edgeverify.camera.file_reader import FileReader  # noqa: PLC0415

        return FileReader(order)
    if order.kind == "v4l2":
        from edgeverify.camera.device_reader import DeviceReader  # noqa: PLC0415

        return DeviceReader(order)
    if order.kind == "gstreamer":
        from edgeverify.camera.gstreamer_reader import GstreamerReader  # noqa: PLC0415

        return GstreamerReader(order)
    if order.kind == "snapshot":
        from edgeverify.camera.network_reader import SnapshotReader  # noqa: PLC0415

        return SnapshotReader(order)
    from edgeverify.camera.network_reader import NetworkReader  # noqa: PLC0415

    return NetworkReader(order)


def capture(reader: Reader, to: socket.socket) -> None:
    """Announce every frame until the camera or the daemon is gone.

    A new ring is made for the first frame and whenever the camera changes its resolution, and
    announced again whenever it changes its pixel format, colour range or rotation.
    """
    developer = Developer()
    ring: Ring | None = None
    announced = ""
    before: Rows | None = None
    number = 0
    while True:
        number += 1
        shot = reader.read()
        pixels = developer.develop(shot.frame, is_damaged=shot.is_damaged)
        width, height = pixels.width, pixels.height
        form = f"{width} x {height} pixels, {pixels.form}, turned by {pixels.turn} degrees"
        if ring is None or form != announced:
            ring, descriptor = make_ring(width, height)
            send(to, Opened(width, height, descriptor, pixels.turn, pixels.form))
            os.close(descriptor)
            announced, before = form, None
        slot = number % SLOTS
        ring.set_stamp(slot, 0)
        rows = Rows(ring.pixels(slot), width, height)
        pixels.copy_into(rows.memory)
        ring.set_stamp(slot, number)
        send(to, Captured(number, slot, shot.captured_at, pixels.judged(rows, before)))
        before = rows


def main() -> None:
    """Serve the order that waits on the socket whose number is the only argument."""
    to = socket.socket(fileno=int(sys.argv[1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the daemon's to handle
    try:
        send(to, Started())
    except OSError:
        return
    order = receive_order(to)
    if order is None:
        return
    # Before any thread, which would keep what it has, and before the first byte of the stream.
    lacking = confine(order)
    threading.Thread(target=_die_with_the_daemon, args=(to,), daemon=True).start()
    reader: Reader | None = None
    try:
        send(to, Confined(lacking))
        reader = open_reader(order)
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
