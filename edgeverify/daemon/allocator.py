"""What the C library's allocator keeps of a process that runs for years (glibc; else nothing)."""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Mapping

_ARENA_MAX = -8
"""`M_ARENA_MAX` in glibc's malloc.h."""
_VARIABLE = "MALLOC_ARENA_MAX"
"""The same in the environment; whoever sets it decides."""


def share_one_heap(environ: Mapping[str, str]) -> None:
    """Let all threads allocate from one heap, from now on; call it before the first thread.

    Each thread would get one of its own, whose holes no other fills: measured 5 MiB after the
    thread that enrols has gone. Threads rarely wait for each other here: one sees, one sends.
    """
    if _VARIABLE not in environ:
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).mallopt(_ARENA_MAX, 1)


def give_back() -> None:
    """Return what was freed to the system.

    Networks and graphs that are closed leave holes in the allocator's heaps, which the process
    would hold for years.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
