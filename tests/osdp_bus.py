"""An OSDP bus without RS-485: two ptys, and bytes carried between them unless a test loses some."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import sys
import termios
import threading
import tty

from tests.waiting import patience

KEY = bytes(range(16))


class Wire:
    """Two serial ports with bytes going both ways; `loses` is asked for each piece."""

    def __init__(self) -> None:
        self._ends = [pty.openpty() for _ in range(2)]
        for _, near in self._ends:
            tty.setraw(near)
        self.ports = [os.ttyname(near) for _, near in self._ends]
        self.is_cut = False
        self.lost = 0
        self._lose = 0
        self._carrying = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()

    def lose(self, pieces: int) -> None:
        """Drop one byte of each of the next pieces."""
        self._lose = pieces

    def cut(self) -> None:
        """Carry nothing from now on; what is on its way has come when `is_silent`."""
        with self._carrying:
            self.is_cut = True

    def is_silent(self, end: int) -> bool:
        """Whether everything that came to this end was read."""
        waiting = fcntl.ioctl(self._ends[end][1], termios.FIONREAD, bytes(4))
        return int.from_bytes(waiting, sys.byteorder) == 0

    def close(self) -> None:
        self._stop.set()
        self._thread.join(patience(5))
        for ours, near in self._ends:
            os.close(ours)
            os.close(near)

    def _carry(self) -> None:
        (left, _), (right, _) = self._ends
        other = {left: right, right: left}
        while not self._stop.is_set():
            for end in select.select([left, right], [], [], 0.05)[0]:
                data = os.read(end, 4096)
                if self._lose and len(data) > 1:
                    self._lose -= 1
                    self.lost += 1
                    data = data[: len(data) // 2] + data[len(data) // 2 + 1 :]
                with self._carrying:
                    if not self.is_cut:
                        os.write(other[end], data)
