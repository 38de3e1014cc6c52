"""From image files to what became of them: each file read once, each picture looked at once."""

from __future__ import annotations

import errno
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from edgeverify.atomic_file import read_plain
from edgeverify.domain import RgbImage
from edgeverify.enrolment.photo import decode_photo, digest_of
from edgeverify.errors import ImageError
from edgeverify.evaluation.images.acquired import Acquired
from edgeverify.evaluation.images.face_cache import FaceCache

MAX_MEGAPIXELS = 100.0
MAX_MEBIBYTES = 64

Progress = Callable[[int, int, str], None]
"""Called with (done, total, name) after each image."""


class Looker(Protocol):
    """Whatever takes pictures through the stages; `Instrument` does."""

    def look(self, rgb: RgbImage, digest: str) -> Acquired:
        """Take one picture through the stages, without quality gates."""


def silent(done: int, total: int, name: str) -> None:
    """Show no progress."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """An image that could not be measured at all, and why, in words."""

    path: Path
    problem: str


def acquire(
    paths: Sequence[Path],
    instrument: Looker,
    cache: FaceCache,
    progress: Progress = silent,
) -> tuple[dict[Path, Acquired], tuple[Problem, ...]]:
    """Look at every image, or take what the cache has of it. Unreadable ones are problems."""
    found: dict[Path, Acquired] = {}
    problems: list[Problem] = []
    for done, path in enumerate(paths, start=1):
        try:
            found[path] = _one(path, instrument, cache)
        except ImageError as error:
            problems.append(Problem(path=path, problem=error.problem))
        progress(done, len(paths), path.name)
    return found, tuple(problems)


def _one(path: Path, instrument: Looker, cache: FaceCache) -> Acquired:
    content = _read(path)
    digest = digest_of(content)
    known = cache.get(digest)
    if known is not None:
        return known
    photo = decode_photo(str(path), content, max_megapixels=MAX_MEGAPIXELS)
    seen = instrument.look(photo.rgb, digest)
    cache.put(seen)
    return seen


def _read(path: Path) -> bytes:
    try:
        return read_plain(path, MAX_MEBIBYTES << 20)
    except OSError as error:
        if error.errno == errno.EFBIG:
            raise ImageError(f"{path}: is larger than {MAX_MEBIBYTES} MiB") from None
        raise ImageError(f"{path}: cannot be read: {error.strerror}") from None
