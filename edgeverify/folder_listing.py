"""Going through folders that another process may change, or remove, at any moment.

`pathlib`'s glob and rglob raise FileNotFoundError where a folder vanishes while they are in it (up
to Python 3.12); here what has gone is passed over.
"""

from __future__ import annotations

import os
from fnmatch import fnmatchcase
from pathlib import Path


def entries(folder: Path, pattern: str = "*") -> list[Path]:
    """List what a folder holds under such a name, in order; nothing where it does not exist.

    Raises OSError where it is there and may not be read.
    """
    try:
        names = os.listdir(folder)  # noqa: PTH208 - the names at one moment
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [folder / name for name in sorted(names) if fnmatchcase(name, pattern)]


def files_below(folder: Path, *, links: bool = False) -> list[Path]:
    """List every file in a folder and below, in order of path.

    Links to folders are not followed; with `links` they are listed among the files.
    Raises OSError where a folder is there and may not be read: what is counted must be whole.
    """
    found = []
    for place, folders, names in os.walk(folder, onerror=_unless_gone):
        found += [Path(place) / name for name in names]
        if links:
            found += [path for name in folders if (path := Path(place) / name).is_symlink()]
    return sorted(found)


def _unless_gone(error: OSError) -> None:
    if not isinstance(error, (FileNotFoundError, NotADirectoryError)):
        raise error
