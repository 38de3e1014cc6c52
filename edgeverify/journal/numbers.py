"""How far sequence numbers have been set aside, where a full disk can still be told.

A file of a few bytes that is overwritten where it lies, which needs no space: so a door that was
started on a full disk can number, sign and publish its denials, and no number ever comes twice.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from edgeverify.journal.database import MAX_SEQUENCE

DIGITS = 20


class Numbers:
    """The file; made when the journal is first opened."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> int:
        """Return the highest number ever set aside; 0 where that is not known."""
        try:
            number = int(self._path.read_bytes()[:DIGITS])
        except (OSError, ValueError):
            return 0
        return number if 0 < number < MAX_SEQUENCE else 0

    def keep(self, number: int, *, may_create: bool = True) -> None:
        """Set aside up to `number`, durably. Raises OSError; then nothing is known any more."""
        flags = os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC | (os.O_CREAT if may_create else 0)
        try:
            descriptor = os.open(self._path, flags, 0o600)
            try:
                os.pwrite(descriptor, f"{number:0{DIGITS}d}\n".encode(), 0)
                os.fdatasync(descriptor)
            finally:
                os.close(descriptor)
        except OSError:
            # Better no number than one too low.
            with suppress(OSError):
                self._path.unlink()
            raise
