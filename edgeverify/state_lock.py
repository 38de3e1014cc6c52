"""Only one program writes to a state directory: whoever holds its lock."""

from __future__ import annotations

import errno
import fcntl
import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from typing_extensions import Self

from edgeverify.atomic_file import PRIVATE_FILE
from edgeverify.errors import StateError
from edgeverify.state import LOCK_FILE, StateDirectory


class StateLock:
    """Holds the state directory for one writer until closed, or until the process ends."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def hold_on(self, state: StateDirectory) -> bool:
        """Take the lock again where its file was taken away; False if another process has it."""
        held = os.fstat(self._descriptor)
        with suppress(FileNotFoundError):
            found = (state.folder / LOCK_FILE).lstat()
            if (found.st_dev, found.st_ino) == (held.st_dev, held.st_ino):
                return True
        try:
            descriptor = _locked(state)
        except StateError:
            # Without a file, as on a full disk, nobody else has it either.
            return not (state.folder / LOCK_FILE).exists()
        os.close(self._descriptor)
        self._descriptor = descriptor
        return True

    def close(self) -> None:
        """Let the next writer in."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def take_lock(state: StateDirectory) -> StateLock:
    """Become the one writer of `state` (flock(2): a killed holder never leaves it locked).

    Raises StateError naming the holder's process id.
    """
    return StateLock(_locked(state))


def _locked(state: StateDirectory) -> int:
    path = state.folder / LOCK_FILE
    try:
        descriptor = _open_lock(path)
    except OSError as error:
        raise StateError(f"the lock {path} cannot be opened: {error.strerror}") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno != errno.EWOULDBLOCK:
            os.close(descriptor)
            raise StateError(
                f"the lock {path} cannot be taken: {error.strerror}",
                advice="The state must lie on a file system with locks (flock), on a local disk.",
            ) from None
        holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip() or "unknown"
        os.close(descriptor)
        raise StateError(
            f"the state directory {state.folder} is in use by process {holder}",
            advice="The daemon is probably running: stop it, or reload it (SIGHUP) instead.",
        ) from None
    with suppress(OSError):  # a full or read-only disk: the lock holds, only nobody can read whose
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return descriptor


def _open_lock(path: Path) -> int:
    flags = os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        return os.open(path, flags | os.O_RDWR | os.O_CREAT, PRIVATE_FILE)
    except OSError as error:
        if error.errno != errno.EROFS:
            raise
        return os.open(path, flags | os.O_RDONLY)
