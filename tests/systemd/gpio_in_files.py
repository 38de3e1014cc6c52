"""GPIO lines for a machine that has none: the lock's own Python loads this as `sitecustomize`.

The strict stand-in of `tests/gpio_lines.py`; from outside, an input is moved by writing 0 or 1 into
a file named like its line.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path

import gpiod

from tests.gpio_lines import Chip, Request

LINES = Path("/srv/lines/levels")
LOOK_SECONDS = 0.02


class ChipInFiles(Chip):
    """Whoever takes a line follows the files from then on."""

    def request_lines(self, path: str, *args: object, **kwargs: object) -> Request:
        """Take the line, and begin to look at the files."""
        for line in LINES.iterdir():
            self.levels[int(line.name)] = line.read_text() == "1"
        taken = super().request_lines(path, *args, **kwargs)
        threading.Thread(target=self._follow, daemon=True).start()
        return taken

    def _follow(self) -> None:
        while True:
            time.sleep(LOOK_SECONDS)
            for file in LINES.iterdir():
                line, high = int(file.name), file.read_text() == "1"
                if self.levels[line] is not high:
                    self.press(line, high=high)


gpiod.request_lines = ChipInFiles().request_lines
