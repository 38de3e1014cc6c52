"""One heap for all threads: what one of them freed, another takes."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

# Memory taken and freed by threads one after the other; then how many heaps there are.
IN_THREADS = """
import ctypes, os, sys, threading
from edgeverify.daemon.allocator import give_back, share_one_heap
share_one_heap({"MALLOC_ARENA_MAX": "8"} if sys.argv[1:] else {})
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.free.argtypes = [ctypes.c_void_p]
libc.fdopen.restype = ctypes.c_void_p
libc.malloc_info.argtypes = [ctypes.c_int, ctypes.c_void_p]
libc.fflush.argtypes = [ctypes.c_void_p]
all_there = threading.Barrier(4)
def work():
    held = [libc.malloc(2000) for _ in range(100)]
    all_there.wait(60)
    for each in held:
        libc.free(each)
threads = [threading.Thread(target=work) for _ in range(4)]
for each in threads: each.start()
for each in threads: each.join()
give_back()
out = libc.fdopen(1, b"w")
libc.malloc_info(0, out)
libc.fflush(out)
"""


def heaps(*given: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", IN_THREADS, *given], capture_output=True, text=True, check=True
    )
    return done.stdout.count("<heap nr=")


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has heaps a thread")
def test_threads_share_one_heap_unless_somebody_said_otherwise() -> None:
    assert heaps() == 1
    assert heaps("as the environment says") > 1
