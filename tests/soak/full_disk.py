"""A disk that stays full, whatever is given up on it meanwhile."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path

AGAIN_SECONDS = 0.005
"""A database that is closed gives up its index: sooner than anybody writes the next page."""


class FullDisk:
    """The file that takes all the room on a small disk, and what is freed on it later."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._emptied = threading.Event()
        self._keeper: threading.Thread | None = None

    def fill(self) -> None:
        """Leave no byte free until `free`."""
        self.free()
        self._emptied.clear()
        descriptor = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        _take_all(descriptor)
        self._keeper = threading.Thread(target=self._keep, args=(descriptor,), daemon=True)
        self._keeper.start()

    def free(self) -> None:
        """Give all of it back. Does nothing where nothing was taken."""
        self._emptied.set()
        if self._keeper is not None:
            self._keeper.join()
            self._keeper = None
        self._file.unlink(missing_ok=True)

    def _keep(self, descriptor: int) -> None:
        while not self._emptied.wait(AGAIN_SECONDS):
            _take_all(descriptor)
        os.close(descriptor)


def _take_all(descriptor: int) -> None:
    with suppress(OSError):
        while True:
            os.write(descriptor, bytes(4096))
