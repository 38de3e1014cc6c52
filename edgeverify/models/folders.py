"""Where models and downloads are kept. The environment is an argument.

`folder_lock` lets in one maker at a time: two doors that start together must not fetch side by
side.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from edgeverify.errors import BundleError
from edgeverify.progress import Progress, silent


@contextmanager
def folder_lock(folder: Path, progress: Progress = silent) -> Iterator[None]:
    """Make the folder, and hold it locked (flock) while the block runs.

    Waits for whoever holds it, and says so. The kernel lets go when the process ends, however it
    ends. BundleError where the folder cannot be made or this user may not write in it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BundleError(
            f"cannot make the folder {folder}: {error.strerror}", advice=_advice(folder)
        ) from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise BundleError(
            f"cannot write in the folder {folder}: {_why_not(folder)}", advice=_advice(folder)
        )
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise BundleError(
            f"cannot open the folder {folder}: {error.strerror}", advice=_advice(folder)
        ) from None
    try:
        _lock(handle, folder, progress)
        yield
    finally:
        os.close(handle)


def _lock(handle: int, folder: Path, progress: Progress) -> None:
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress(f"waiting for another edgeverify that is at work in {folder}", 0, 0)
            fcntl.flock(handle, fcntl.LOCK_EX)
    except OSError as error:
        raise BundleError(
            f"cannot lock the folder {folder}: {error.strerror}",
            advice="It must lie on a file system with locks (flock).",
        ) from None


def _why_not(folder: Path) -> str:
    try:
        status = folder.stat()
    except OSError as error:
        return str(error.strerror)
    if status.st_uid == os.geteuid():
        return f"its mode is {stat.S_IMODE(status.st_mode):04o}, or its file system is read-only"
    try:
        return f"it belongs to {pwd.getpwuid(status.st_uid).pw_name}"
    except KeyError:
        return f"it belongs to user {status.st_uid}"


def _advice(folder: Path) -> str:
    return (
        f"Run as the user who owns {folder.parent}, or choose other folders "
        "with XDG_DATA_HOME and XDG_CACHE_HOME."
    )


SYSTEM_MODELS = Path("/var/lib/edgeverify/models")


def models_directory(environ: Mapping[str, str], system: Path = SYSTEM_MODELS) -> Path:
    """Return the folder of model bundles, shared by all doors of the machine.

    `/var/lib/edgeverify/models` where that exists and can be read, else the user's own
    `$XDG_DATA_HOME/edgeverify/models`.
    """
    if system.is_dir() and os.access(system, os.R_OK | os.X_OK):
        return system
    return _home_folder(environ, "XDG_DATA_HOME", ".local/share") / "edgeverify" / "models"


def cache_directory(environ: Mapping[str, str]) -> Path:
    """Return the folder of downloads that can be thrown away: systemd's, or the user's."""
    if environ.get("CACHE_DIRECTORY"):
        return Path(environ["CACHE_DIRECTORY"].split(":")[0])
    return _home_folder(environ, "XDG_CACHE_HOME", ".cache") / "edgeverify"


def _home_folder(environ: Mapping[str, str], variable: str, otherwise: str) -> Path:
    named = environ.get(variable, "")
    # The XDG specification has relative paths ignored.
    if named.startswith("/"):
        return Path(named)
    return Path(environ.get("HOME") or _home_of_this_user()) / otherwise


def _home_of_this_user() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_dir
    except KeyError:
        return "/"
