"""The daemon with what fails on demand: `python -m tests.daemon.unfit_daemon run ...`.

While the file named by EDGEVERIFY_TEST_HANG exists, an inference does not return: it is how a
driver or an accelerator that has died looks from above. The file named by EDGEVERIFY_TEST_CHIP is
a GPIO chip (the strict stand-in's) for as long as it exists, and every level is written into it.
Nothing else is changed.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import gpiod
import numpy as np
from numpy.typing import NDArray

from edgeverify.cli.main import main
from edgeverify.runtime.onnxruntime.session import OnnxRuntimeSession
from tests.gpio_lines import Chip

HANG = "EDGEVERIFY_TEST_HANG"
CHIP = "EDGEVERIFY_TEST_CHIP"


def let_it_hang(marker: Path) -> None:
    """Make every inference wait for as long as the marker is there."""
    run = OnnxRuntimeSession.run

    def slow(session: OnnxRuntimeSession, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        while marker.exists():
            time.sleep(0.05)
        return run(session, batch)

    OnnxRuntimeSession.run = slow  # type: ignore[method-assign]


class ChipOnFile(Chip):
    """There while its file is; whoever held a line has lost it when it was gone."""

    @property
    def is_there(self) -> bool:
        there = Path(self.path).exists()
        if not there:
            self.taken.clear()
        return there

    @is_there.setter
    def is_there(self, _: bool) -> None:
        """Its file alone says so."""

    def moved(self, line: int, *, high: bool) -> None:
        super().moved(line, high=high)
        with Path(self.path).open("a", encoding="ascii") as levels:
            levels.write(f"{line} {'high' if high else 'low'}\n")


if __name__ == "__main__":
    let_it_hang(Path(os.environ[HANG]))
    gpiod.request_lines = ChipOnFile(os.environ[CHIP]).request_lines
    main()
