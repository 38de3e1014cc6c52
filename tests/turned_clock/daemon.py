"""The daemon on a clock that a test turns: `python -m tests.turned_clock.daemon run ...`.

The wall clock is turned by the preloaded shim, which does not know about the kernel's opinion of
its clock: that is what the file named by EDGEVERIFY_TEST_SYNCHRONISED says by being there or not.
Which boot this is stands in the file named by EDGEVERIFY_TEST_BOOT, and what the battery clock says
in the one named by EDGEVERIFY_TEST_BATTERY. A leap that it confirms settles at once.
"""

from __future__ import annotations

import os
from pathlib import Path

from edgeverify import clock
from edgeverify.cli.main import main

SYNCHRONISED = "EDGEVERIFY_TEST_SYNCHRONISED"
BOOT = "EDGEVERIFY_TEST_BOOT"
BATTERY = "EDGEVERIFY_TEST_BATTERY"

if __name__ == "__main__":
    marker = Path(os.environ[SYNCHRONISED])
    clock.kernel_says_synchronised = marker.exists
    clock.TIMESYNC_FLAG = marker
    clock.BOOT_ID = Path(os.environ[BOOT])
    clock.BATTERY_CLOCK = Path(os.environ[BATTERY])
    clock.SETTLED_SECONDS = 0.0
    main()
