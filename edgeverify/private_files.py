"""Files that only their owner may read: written whole or not at all, refused when others can read.

Standard practice on POSIX: write a temporary file beside the target, fsync it, rename it over the
target, fsync the folder (see rename(2) and fsync(2)).
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from edgeverify.errors import KeyUnusableError

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700


def write_private(path: Path, content: bytes) -> None:
    """Write `content` to `path` with mode 0600, atomically and durably.

    Raises OSError where the folder cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    temporary.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(temporary, flags, PRIVATE_FILE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), PRIVATE_FILE)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make a rename or a deletion in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_private(path: Path, *, what: str, limit: int, from_credentials: bool = False) -> bytes:
    """Read a secret of at most `limit` bytes; `what` names it in errors.

    A systemd credential may show its group's bits, because systemd grants the service's user
    through an access control list, whose mask stands there (systemd.exec(5)); others never.
    Raises KeyUnusableError when absent, too long, not a regular file, or readable by others.
    """
    try:
        flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
        descriptor = os.open(path, flags if from_credentials else flags | os.O_NOFOLLOW)
    except FileNotFoundError:
        raise KeyUnusableError(f"{what} is absent: {path} does not exist") from None
    except OSError as error:
        raise KeyUnusableError(
            f"{what} cannot be read: {path}: {error.strerror}",
            advice="It must be a plain file that belongs to the user that runs edgeverify",
        ) from None
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise KeyUnusableError(f"{what} is not a plain file: {path}")
    with os.fdopen(descriptor, "rb") as file:
        mode = stat.S_IMODE(status.st_mode)
        if mode & (0o007 if from_credentials else 0o077):
            raise KeyUnusableError(
                f"{what} is readable by others: {path} has mode {mode:04o}",
                advice=f"Run: chmod 600 {path}",
            )
        content = file.read(limit + 1)
    if len(content) > limit:
        raise KeyUnusableError(f"{what} is longer than {limit} bytes: {path}")
    return content
