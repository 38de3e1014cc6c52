"""Folders that are whole or not there: written beside their place, synced, then renamed into it."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from edgeverify.atomic_file import PUBLIC_FILE, sync_folder, write_whole
from edgeverify.errors import BundleError


def write_folder(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write a folder of files in place of what stands there; BundleError leaves the old one.

    `contents` are bytes by file name, or by `FOLDER/FILE` for one folder within.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    except OSError as error:
        raise _cannot_write(folder, error) from None
    try:
        for name, data in contents.items():
            (made / name).parent.mkdir(mode=0o755, exist_ok=True)
            write_whole(made / name, data, mode=PUBLIC_FILE)
        made.chmod(0o755)
        for inner in {(made / name).parent for name in contents}:
            sync_folder(inner)
        sync_folder(made)
        _swap_in(made, folder)
    except OSError as error:
        raise _cannot_write(folder, error) from None
    finally:
        shutil.rmtree(made, ignore_errors=True)


def clear_leftovers(folder: Path) -> None:
    """Remove what a `write_folder` of this folder left that was killed on its way.

    Where it was killed between taking the old folder away and putting the new one in its place,
    the old one is put back. Nobody else may be writing it meanwhile.
    """
    beginning = f".{folder.name}."
    try:
        listed = os.listdir(folder.parent)  # noqa: PTH208 - the names at one moment
        names = [name for name in listed if name.startswith(beginning)]
    except OSError:
        return  # there is no such place yet
    for name in sorted(names):
        left = folder.parent / name
        if name.startswith(f"{beginning}old.") and not folder.exists():
            with contextlib.suppress(OSError):
                (left / folder.name).rename(folder)
        shutil.rmtree(left, ignore_errors=True)


def replace_file(path: Path, data: bytes) -> None:
    """Write a file in place of what stands there; BundleError leaves the old one."""
    try:
        write_whole(path, data, mode=PUBLIC_FILE)
    except OSError as error:
        raise _cannot_write(path, error) from None


def _swap_in(made: Path, folder: Path) -> None:
    old = Path(tempfile.mkdtemp(prefix=f".{folder.name}.old.", dir=folder.parent))
    try:
        if folder.exists():
            folder.rename(old / folder.name)
        made.rename(folder)
        sync_folder(folder.parent)
    except OSError:
        # What was there goes back.
        if not folder.exists() and (old / folder.name).exists():
            (old / folder.name).rename(folder)
        raise
    finally:
        shutil.rmtree(old, ignore_errors=True)


def _cannot_write(path: Path, error: OSError) -> BundleError:
    return BundleError(
        f"cannot write {path}: {error.strerror}",
        advice="Free some space, or run as the user who owns the models folder.",
    )
