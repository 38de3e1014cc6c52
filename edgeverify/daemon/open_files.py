"""A full table of open files: told by name, and over as soon as one can be opened again."""

from __future__ import annotations

import errno
import os

from edgeverify.daemon.faults import FaultBoard
from edgeverify.domain import FaultName

DETAIL = "no further file, pipe or connection can be opened"


def is_exhausted(error: BaseException) -> bool:
    """Return whether the process's table, or the whole machine's, was full."""
    return isinstance(error, OSError) and error.errno in {errno.EMFILE, errno.ENFILE}


def look_at_open_files(faults: FaultBoard) -> None:
    """State whether another file could be opened now."""
    try:
        os.close(os.open("/", os.O_PATH | os.O_CLOEXEC))
    except OSError as error:
        if not is_exhausted(error):
            raise
        faults.raise_fault(FaultName.OPEN_FILES_EXHAUSTED, DETAIL)
    else:
        faults.clear(FaultName.OPEN_FILES_EXHAUSTED)
