"""Memory that was freed, given back to the system."""

from __future__ import annotations

import contextlib
import ctypes


def give_back() -> None:
    """Return what was freed to the system, where the C library can (glibc); else do nothing.

    Networks and graphs that are closed leave holes in the allocator's heaps, which the process
    would hold for years.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
