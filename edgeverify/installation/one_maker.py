"""One maker of an environment at a time, so that two do not undo each other's work."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def one_maker(folder: Path, say: Callable[[str], None]) -> Iterator[None]:
    """Hold the place of `folder` locked (flock on its parent) while the block runs.

    Waits for whoever holds it, and says so. The kernel lets go when the process ends, however it
    ends. A file system without locks is worked on without: nobody is turned away for want of one.
    Raises OSError where the parent cannot be made or opened.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _lock(handle, folder, say)
        yield
    finally:
        os.close(handle)


def _lock(handle: int, folder: Path, say: Callable[[str], None]) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say(f"Waiting for another make that is at work on {folder}")
        fcntl.flock(handle, fcntl.LOCK_EX)
    except OSError:  # NFS locks only what is open for writing
        return
