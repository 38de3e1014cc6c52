"""Secrets in files: refused when others can read them (`atomic_file` writes them)."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from edgeverify.errors import KeyUnusableError


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
            advice="It must be a plain file that belongs to the user who runs edgeverify.",
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
