"""How tests wait: for a condition, for as long as a busy machine may take.

A test of behaviour never sleeps and then looks, and never asserts how long something took: it
waits for what must happen, and how fast the machine is decides when it ends, not how. Each wait
states the seconds that a quiet machine needs at the very most, or that the product promises;
here they are stretched, once for all tests.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

SLOWNESS = float(os.environ.get("EDGEVERIFY_TEST_SLOWNESS", "10"))
"""How many times slower than a quiet machine this one may be; 1 holds promises to the second."""


def patience(seconds: float) -> float:
    """Return how long to wait here for what a quiet machine does within `seconds`."""
    return seconds * SLOWNESS


def until(condition: Callable[[], object], what: str, seconds: float = 10.0) -> float:
    """Wait for what must happen; return how many seconds it took, for printing.

    Fails, naming `what`, when it has not happened `seconds` after, as a quiet machine counts them.
    """
    began = time.monotonic()
    while not condition():
        waited = time.monotonic() - began
        assert waited < patience(seconds), f"waited {waited:.0f} s in vain for {what}"
        time.sleep(0.02)
    return time.monotonic() - began
