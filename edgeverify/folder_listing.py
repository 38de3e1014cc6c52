"""Going through folders that another process may change, or remove, at any moment.

`pathlib`'s glob and rglob raise FileNotFoundError where a folder vanishes while they are in it (up
to Python 3.12); here what has gone is passed over.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

_LOG = logging.getLogger(__name__)


def entries(folder: Path, pattern: str = "*") -> list[Path]:
    """List what a folder holds under such a name, in order; nothing where it does not exist.

    Raises OSError where it is there and may not be read.
    """
    try:
        names = os.listdir(folder)  # noqa: PTH208 - the names at one moment
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [folder / name for name in sorted(names) if fnmatchcase(name, pattern)]


def files_below(folder: Path) -> list[Path]:
    """List every file in a folder and below, in order of path; links to folders are not followed.

    Raises OSError where a folder is there and may not be read: what is counted must be whole.
    """
    return sorted(_walked(folder).files)


class Found(NamedTuple):
    """Files, and links to folders that were not followed; both in order of path."""

    files: list[Path]
    links: list[Path]


NOT_FOLLOWED = "is a link to a folder below a person's own, which is not followed"
"""What is said of each of them, whoever goes through a folder of people."""


def files_of_people(folder: Path) -> Found:
    """List what a folder with a folder per person holds, and what lies in nobody's folder.

    A person's folder may be a link. Further down a link might lead round in a circle, so it is not
    followed. What is hidden, as thumbnails and notes of file managers are, is passed over.
    Raises OSError as `files_below` does.
    """
    found = Found([], [])
    for each in entries(folder):
        if each.name.startswith("."):
            continue
        if not each.is_dir():
            found.files.append(each)
            continue
        below = _walked(each)
        found.files.extend(path for path in below.files if not _is_hidden(path, each))
        found.links.extend(path for path in below.links if not _is_hidden(path, each))
    return Found(sorted(found.files), sorted(found.links))


def files_of_people_told(folder: Path) -> list[Path]:
    """List the files likewise; links that are not followed are named in the log."""
    found = files_of_people(folder)
    if found.links:
        _LOG.warning("%s", of_links(found.links))
    return found.files


def of_links(links: Sequence[Path]) -> str:
    """Return in words that these links are not followed, the first by name; empty for none."""
    if not links:
        return ""
    more = len(links) - 1
    also = f"; {more} more {'is' if more == 1 else 'are'}" if more else ""
    return f"{links[0]} {NOT_FOLLOWED}{also}"


def _is_hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


def _walked(folder: Path) -> Found:
    found = Found([], [])
    for place, folders, names in os.walk(folder, onerror=_unless_gone):
        found.files.extend(Path(place) / name for name in names)
        below = (Path(place) / name for name in folders)
        found.links.extend(path for path in below if path.is_symlink())
    return found


def _unless_gone(error: OSError) -> None:
    if not isinstance(error, (FileNotFoundError, NotADirectoryError)):
        raise error
