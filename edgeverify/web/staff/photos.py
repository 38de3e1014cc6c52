"""Photos that come with a form: kept beside the staff file under names of the page's own."""

from __future__ import annotations

import os
import re
import secrets
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from edgeverify.atomic_file import write_whole
from edgeverify.config.building import CONTROL, TURNING
from edgeverify.errors import StateError
from edgeverify.settings import StaffEntry
from edgeverify.web.staff.place import StaffPlace

TRIAL = ".trial-"
"""Photos of a form that nobody has confirmed yet begin so."""
TRIAL_SECONDS = 3600.0
KINDS = (
    (b"\xff\xd8\xff", ".jpg"),
    (b"\x89PNG", ".png"),
    (b"RIFF", ".webp"),
    (b"BM", ".bmp"),
    (b"II*\x00", ".tif"),
    (b"MM\x00*", ".tif"),
)
"""First bytes; the daemon decodes and judges, this only names the file."""


@dataclass(frozen=True, slots=True)
class KeptPhoto:
    """A photo on trial. Both names are relative to the config's folder; `shown` is the user's."""

    trial: str
    final: str
    shown: str
    is_of_camera: bool


def keep(
    place: StaffPlace, card: str, content: bytes, shown: str, *, is_of_camera: bool = False
) -> KeptPhoto:
    """Write a photo under a trial name. Raises StateError where it cannot be written."""
    mark = secrets.token_hex(4)
    ending = _ending(content)
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", card) or "photo"
    kind = "camera" if is_of_camera else "photo"
    kept = KeptPhoto(
        trial=f"{place.photo_prefix}{TRIAL}{mark}{ending}",
        final=f"{place.photo_prefix}{plain}-{kind}-{mark}{ending}",
        shown=_shown(shown),
        is_of_camera=is_of_camera,
    )
    try:
        place.photos.mkdir(mode=0o750, exist_ok=True)
        write_whole(place.folder / kept.trial, content, mode=place.mode)
    except OSError as error:
        raise StateError(
            f"the photo cannot be kept in {place.photos}: {error.strerror}",
            advice="The folder must belong to the page's user and have room.",
        ) from None
    return kept


def settle(place: StaffPlace, kept: KeptPhoto) -> None:
    """Give a photo its name in the entry. Raises OSError."""
    (place.folder / kept.trial).rename(place.folder / kept.final)


def drop(place: StaffPlace, kept: KeptPhoto) -> None:
    """Delete a photo that nobody confirmed, under either name."""
    for name in (kept.trial, kept.final):
        with suppress(OSError):
            (place.folder / name).unlink(missing_ok=True)


def unneeded(
    place: StaffPlace, names: Iterable[str], others: Iterable[StaffEntry]
) -> tuple[str, ...]:
    """Return which of somebody's photos go with them: those in the page's own folder.

    Not one that an entry of `others` leads to as well, under whatever name or by whatever link.
    """
    needed = {
        path
        for entry in others
        for name in entry.photos
        for path in (_location(place, name), Path(os.path.realpath(place.folder / name)))
    }
    own = place.photos.resolve()
    return tuple(
        name
        for name in names
        if (path := _location(place, name)).parent == own and path not in needed
    )


def delete(place: StaffPlace, name: str) -> None:
    """Delete a photo, or a link to one; never what a link leads to."""
    with suppress(OSError):
        _location(place, name).unlink()


def _location(place: StaffPlace, name: str) -> Path:
    """Return where a name stands, its last part as it is: what would be deleted."""
    path = place.folder / name
    return Path(os.path.realpath(path.parent)) / path.name


def sweep(place: StaffPlace) -> None:
    """Delete photos of forms that were never confirmed."""
    oldest = time.time() - TRIAL_SECONDS
    for path in place.photos.glob(f"{TRIAL}*"):
        with suppress(OSError):
            if path.lstat().st_mtime < oldest:
                path.unlink()


def _ending(content: bytes) -> str:
    if content[4:8] == b"ftyp":
        return ".avif" if content[8:12] in {b"avif", b"avis"} else ".heic"
    return next((ending for first, ending in KINDS if content.startswith(first)), ".img")


def _shown(name: str) -> str:
    own = Path(name.replace("\\", "/")).name
    plain = TURNING.sub("", CONTROL.sub("", own))
    return plain[:80] or "the photo"
