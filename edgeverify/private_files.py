"""Secrets in files: refused when others can read them (`atomic_file` writes them)."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from edgeverify.errors import KeyUnusableError

CREDENTIALS = "credentials"
"""Beside the config: what systemd hands to the service by name, for root alone."""


def credential_path(
    name: str, config_folder: Path, environ: Mapping[str, str], *, is_named: bool
) -> Path | None:
    """Return where the systemd credential `name` lies; None where there is none of that name.

    In the service systemd's own copy; outside it, where the drop-ins take it from, which root alone
    may look into. Who may not is told so when it is read, where the config names it (`is_named`).
    """
    if not name or "/" in name or name in {".", ".."}:
        return None
    given = environ.get("CREDENTIALS_DIRECTORY", "")
    if given:
        path = Path(given) / name
        return path if path.exists() else None
    path = config_folder / CREDENTIALS / name
    with _as_real_root():
        try:
            path.stat()
        except PermissionError:
            return path if is_named else None
        except OSError:
            return None
    return path


def read_credential(path: Path, *, what: str, limit: int, environ: Mapping[str, str]) -> bytes:
    """Read what `credential_path` found. Raises KeyUnusableError.

    Outside the service root reads it as root, also while it works as the state's owner.
    """
    if environ.get("CREDENTIALS_DIRECTORY"):
        return read_private(path, what=what, limit=limit, from_credentials=True)
    with _as_real_root():
        try:
            return read_private(path, what=what, limit=limit)
        except KeyUnusableError as error:
            if os.access(path.parent, os.X_OK, effective_ids=True):
                raise
            raise KeyUnusableError(
                error.problem,
                advice="Type this command with sudo: systemd hands it to the service alone.",
            ) from None


@contextmanager
def _as_real_root() -> Iterator[None]:
    """Be root again for a moment, where root works as somebody else (`state.as_owner`)."""
    user = os.geteuid()
    is_in_disguise = user != 0 and os.getuid() == 0
    if is_in_disguise:
        os.seteuid(0)
    try:
        yield
    finally:
        if is_in_disguise:
            os.seteuid(user)


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
