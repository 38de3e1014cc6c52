"""One capture process, from its start to its certain end."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence

from edgeverify.camera.messages import Message, Order, receive, send_order
from edgeverify.errors import CameraError

COMMAND = (sys.executable, "-m", "edgeverify.camera.capture")
REAP_SECONDS = 1.0


KEPT = ("PATH", "HOME", "TZ", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR", "XDG_CACHE_HOME")
KEPT_FAMILIES = ("LANG", "LC_", "PYTHON", "LD_LIBRARY", "GST_", "DISPLAY", "XDG_RUNTIME")
"""What GStreamer and its drivers are configured by. Secrets may stand in any other variable."""


def _environment() -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in KEPT or name.startswith(KEPT_FAMILIES)
    }
    # One arena keeps the memory of a process with one busy thread in one place.
    return {**kept, "PYTHONSAFEPATH": "1", "MALLOC_ARENA_MAX": "1"}


class CaptureProcess:
    """A child that captures from one camera. It never outlives `end`, nor this process.

    It loads its libraries at once and then waits for `order`, so that an absent camera's pause is
    used for that and its return is not kept waiting.

    Raises CameraError where no process can be started.
    """

    def __init__(self, command: Sequence[str] = COMMAND) -> None:
        try:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        except OSError as error:
            raise CameraError(f"cannot start a capture process: {error.strerror}") from None
        self._socket = ours
        try:
            with theirs:
                self._process = subprocess.Popen(
                    [*command, str(theirs.fileno())],
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,  # a group of its own, so that all of it can be killed
                    env=_environment(),
                )
        except OSError as error:
            ours.close()
            raise CameraError(f"cannot start a capture process: {error.strerror}") from None

    def order(self, order: Order) -> None:
        """Ask for a camera, once. A child that is dead already shows in `receive`."""
        with contextlib.suppress(OSError):
            send_order(self._socket, order)

    def receive(self, timeout_seconds: float) -> Message | None:
        """Wait for a message; None at time-out. Raises CameraError where the process is gone."""
        self._socket.settimeout(timeout_seconds)
        try:
            return receive(self._socket)
        except TimeoutError:
            return None
        except OSError as error:
            raise CameraError(f"the capture process is gone: {error.strerror}") from None

    def end(self) -> bool:
        """Kill the process with all its children; False where it cannot die yet.

        A driver can hold a process inside the kernel. The caller keeps this object then and calls
        again later, so that nothing is left unreaped.
        """
        self._socket.close()
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        try:
            self._process.wait(REAP_SECONDS)
        except subprocess.TimeoutExpired:
            return False
        return True
