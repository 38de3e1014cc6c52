"""The daemon with a network that hangs on demand: `python -m tests.daemon.unfit_daemon run ...`.

While the file named by EDGEVERIFY_TEST_HANG exists, an inference does not return. Nothing else is
changed: it is how a driver or an accelerator that has died looks from above.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgeverify.cli.main import main
from edgeverify.runtime.onnxruntime.session import OnnxRuntimeSession

HANG = "EDGEVERIFY_TEST_HANG"


def let_it_hang(marker: Path) -> None:
    """Make every inference wait for as long as the marker is there."""
    run = OnnxRuntimeSession.run

    def slow(session: OnnxRuntimeSession, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        while marker.exists():
            time.sleep(0.05)
        return run(session, batch)

    OnnxRuntimeSession.run = slow  # type: ignore[method-assign]


if __name__ == "__main__":
    let_it_hang(Path(os.environ[HANG]))
    main()
