"""A file written whole or not at all, for its owner alone unless said otherwise; and read whole.

Standard practice on POSIX: write a temporary file beside the target, fsync it, rename it over the
target, fsync the folder (see rename(2) and fsync(2)). The standard library must do: the installer
uses this before anything is installed.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
PUBLIC_FILE = 0o644
MOST_BYTES = 1024 * 1024
"""Of a file that a config names and that holds keys or certificates."""


def read_plain(path: Path, limit: int = MOST_BYTES) -> bytes:
    """Read a file of at most `limit` bytes that somebody has named by hand.

    A pipe would be waited for without end, and a device has no end. Raises OSError, which leaves
    it to the caller to say which file it is.
    """
    with open_plain(path) as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise OSError(errno.EFBIG, f"it is longer than {limit} bytes")
    return content


def open_plain(path: Path) -> IO[bytes]:
    """Open a file for reading; OSError, without its name, for a pipe, a device or a folder."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise OSError(error.errno, error.strerror) from None
    # fdopen refuses a folder, and then leaves it open.
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        if stat.S_ISDIR(mode):
            raise OSError(errno.EISDIR, os.strerror(errno.EISDIR))
        raise OSError(errno.EINVAL, "it is not a plain file")
    return os.fdopen(descriptor, "rb")


def write_whole(
    path: Path,
    content: bytes,
    *,
    mode: int = PRIVATE_FILE,
    is_durable: bool = True,
    may_replace: bool = True,
) -> None:
    """Write `content` to `path`; see `whole_file`. Raises OSError, and then nothing has changed."""
    with whole_file(path, mode=mode, is_durable=is_durable, may_replace=may_replace) as file:
        file.write(content)


@contextmanager
def whole_file(
    path: Path, *, mode: int = PRIVATE_FILE, is_durable: bool = True, may_replace: bool = True
) -> Iterator[IO[bytes]]:
    """Open a file to write to, which takes the name `path` once the block has ended well.

    `is_durable` False leaves out the fsync, for what a power cut may take. Where `may_replace` is
    False a file of that name is never touched: FileExistsError. Whatever stands at `path`, a
    symbolic link too, is replaced, never written through. Raises OSError, named after `path`.
    """
    try:
        if not may_replace:
            # The name is taken first, by an empty file, so that nobody else can take it meanwhile.
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode))
        try:
            with _beside(path) as (descriptor, temporary):
                with os.fdopen(descriptor, "wb") as file:
                    os.fchmod(descriptor, mode)
                    yield file
                    file.flush()
                    if is_durable:
                        os.fsync(descriptor)
                temporary.replace(path)
        except BaseException:
            if not may_replace:
                path.unlink(missing_ok=True)
            raise
        if is_durable:
            sync_folder(path.parent)
    except OSError as error:
        error.filename, error.filename2 = str(path), None  # not the temporary file's
        raise


_ADVICE = {
    errno.ENOSPC: "Free space on its disk, then do it again.",
    errno.EDQUOT: "Free space within its user's quota, then do it again.",
    errno.EFBIG: "Raise the limit on the size of files that is in force (`ulimit -f`).",
    errno.EROFS: "Its disk is mounted read-only: mount it to be written to, then do it again.",
    errno.EIO: "Its disk fails: see `dmesg`, and replace it.",
    errno.EACCES: "Let its folder belong to the user who runs this.",
    errno.EPERM: "Let its folder belong to the user who runs this.",
    errno.ENOENT: "Make its folder first.",
}
ALMOST_FULL_BYTES = 64 << 10


def advice_on(error: OSError) -> str:
    """Return what to do about a file that could not be written; empty where that is not known."""
    return _ADVICE.get(error.errno or 0, "")


def is_on_full_disk(path: Path) -> bool:
    """Return whether the disk of `path` has no room left for anything; False where none can tell.

    SQLite calls it an I/O error where it has no room for what lies beside its file.
    """
    try:
        found = os.statvfs(path.parent)
    except OSError:
        return False
    return found.f_bavail * found.f_frsize < ALMOST_FULL_BYTES


def takes_no_locks(folder: Path) -> bool:
    """Return whether the file system of `folder` refuses fcntl(2)'s locks, which SQLite needs.

    Some network and shared file systems do, and SQLite calls that an I/O error, or locked by
    somebody. False where none can tell.
    """
    try:
        # A file of its own: closing one of SQLite's would end the locks that SQLite holds on it.
        with tempfile.TemporaryFile(dir=folder, buffering=0) as probe:
            try:
                fcntl.lockf(probe, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                return error.errno != errno.EIO
    except OSError:
        pass
    return False


def sync_folder(folder: Path) -> None:
    """Make a rename or a deletion in `folder` durable. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _beside(path: Path) -> Iterator[tuple[int, Path]]:
    """Make a temporary file (0600) in the folder of `path`; it is gone unless it was renamed."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".new", dir=path.parent)
    temporary = Path(name)
    try:
        yield descriptor, temporary
    finally:
        temporary.unlink(missing_ok=True)
