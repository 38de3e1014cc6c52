"""How tests wait: for a condition, for as long as a busy machine may take, and no longer.

A test of behaviour never sleeps and then looks, and never asserts how long something took: that is
what benchmarks measure. It waits for what must happen; how fast the machine is decides only when
the test is done, not how it ends.
"""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE_SECONDS = 120.0
"""How long a test waits in vain before it fails: far beyond what any load makes of a second."""
SLOWNESS = 10.0
"""How many times slower than promised a busy machine may be, where a promise is itself a time."""


def until(
    condition: Callable[[], object], what: str, *, seconds: float = PATIENCE_SECONDS
) -> float:
    """Wait for something that must happen; return how many seconds it took, for printing.

    Fails, naming `what`, when it has not happened after `seconds`.
    """
    began = time.monotonic()
    while not condition():
        waited = time.monotonic() - began
        assert waited < seconds, f"waited {waited:.0f} s in vain for {what}"
        time.sleep(0.02)
    return time.monotonic() - began
