"""systemd's end of the notification socket."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from pathlib import Path


class Notifications:
    """systemd's end of NOTIFY_SOCKET: what the daemon says, with the time at which it did."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.heard: list[tuple[float, str]] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.settimeout(0.1)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def said(self, line: str, *, since: float = 0.0) -> int:
        """Count a line since a moment."""
        return sum(1 for at, heard in list(self.heard) if heard == line and at >= since)

    @property
    def status(self) -> str:
        """The newest `STATUS=` line; empty before the first."""
        lines = [heard for _, heard in list(self.heard) if heard.startswith("STATUS=")]
        return lines[-1] if lines else ""

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self._socket.close()
        self.path.unlink()

    def _listen(self) -> None:
        while not self._stop.is_set():
            with suppress(TimeoutError):
                said = self._socket.recv(65536).decode()
                self.heard += [(time.monotonic(), line) for line in said.splitlines()]
