"""Reading a file that must lie inside a folder, whatever links and `..` say.

The name is resolved first and must stay inside. Then it is opened part by part without following
any link (openat(2), O_NOFOLLOW), so that nothing can be swapped in between.
"""

from __future__ import annotations

import errno
import os
import stat
import unicodedata
from pathlib import Path
from typing import Literal

from edgeverify.errors import EXHAUSTED, EdgeverifyError, ImageError, StateError

MEBIBYTE = 1024 * 1024


_AWAY = frozenset(
    {
        errno.EIO,
        errno.ESTALE,
        errno.ETIMEDOUT,
        errno.ENOTCONN,
        errno.EHOSTDOWN,
        errno.EHOSTUNREACH,
    }
)
"""The disk or the share that holds the photo fails."""


class PhotoAbsentError(ImageError):
    """There is no such file now, or none to read; what was made of it earlier may be kept."""


def read_inside(folder: Path, name: str, *, max_mebibytes: float) -> bytes:
    """Read the file `name` (relative to `folder`), of 1 byte to `max_mebibytes`.

    Raises ImageError for a name outside of `folder` or behind a link out of it, a file that is
    absent, empty, too large, or not a plain file; StateError where this process can read none.
    """
    try:
        root = folder.resolve(strict=True)
        target = (root / name).resolve()
        inside = target.relative_to(root)
    except (OSError, RuntimeError) as error:  # a loop of links is a RuntimeError up to 3.12
        said = getattr(error, "strerror", None) or "a link leads back to itself"
        raise ImageError(
            f"{name}: cannot be found: {said}", advice="Put the picture itself there."
        ) from None
    except ValueError:  # also for a NUL character
        raise ImageError(
            f"{name!r} lies outside the config's folder {folder}, or behind a link out of it",
            advice="Copy the photo into that folder.",
        ) from None
    if not inside.parts:
        raise ImageError(
            f"{name!r} names the config's folder itself, not a photo",
            advice="Name a picture in it.",
        )
    try:
        descriptor = _open_as_written(root, inside.parts)
    except FileNotFoundError:
        raise _absent(root, inside.parts, name, folder) from None
    except OSError as error:
        raise _unreadable(name, error) from None
    try:
        return _read_at_most(descriptor, name, int(max_mebibytes * MEBIBYTE))
    except OSError as error:
        raise _unreadable(name, error) from None
    finally:
        os.close(descriptor)


def _unreadable(name: str, error: OSError) -> EdgeverifyError:
    """Return the error of a file that is there: a fault that passes costs nobody a reference."""
    if error.errno in EXHAUSTED:
        return StateError(
            f"no photo can be read now ({name}: {error.strerror})",
            advice="The door tries again by itself; its log names what is exhausted.",
        )
    if error.errno in _AWAY:
        return PhotoAbsentError(
            f"{name}: cannot be read now: {error.strerror}",
            advice="Repair its disk or share, then run `edgeverify reload`.",
        )
    if error.errno == errno.ENXIO:
        return ImageError(f"{name}: is not a plain file", advice="Name a picture.")
    return ImageError(
        f"{name}: cannot be opened: {error.strerror}",
        advice="The service must be able to read it: `chgrp edgeverify FILE; chmod 640 FILE`.",
    )


EARLIER_ENCODINGS = ("latin-1", "cp1252", "iso8859-9", "euc-jp", "shift-jis")
"""In which names were written before UTF-8; archives and old shares still bring them."""


def _absent(root: Path, parts: tuple[str, ...], name: str, folder: Path) -> PhotoAbsentError:
    """Return the error, which knows a file whose name was written in another encoding."""
    advice = "Copy it there, or correct its name: large and small letters differ."
    if "://" in name:
        advice = "It is an address: save the picture in that folder and name the file."
    elif "\\" in name:
        advice = "Write / instead of \\ between folders, and no drive letter."
    for encoding in EARLIER_ENCODINGS:
        try:
            written = [part.encode(encoding) for part in parts]
        except UnicodeEncodeError:
            continue
        if os.path.lexists(os.path.join(os.fsencode(root), *written)):  # noqa: PTH118 - bytes
            advice = (
                f"A file of that name is there, written in {encoding} instead of UTF-8: rename it "
                f"(convmv -f {encoding} -t utf-8 --notest)."
            )
            break
    return PhotoAbsentError(f"{name}: there is no such file in {folder}", advice=advice)


def _open_as_written(root: Path, parts: tuple[str, ...]) -> int:
    """Open a file whose name may be composed otherwise on the disk: é in one character, or in two.

    A name typed on one system and a file copied from another look alike and differ in bytes
    (Unicode Standard Annex 15); at most one of them is there.
    """
    spellings = [parts, *(_composed(parts, form) for form in ("NFC", "NFD"))]
    for spelling in spellings[:-1]:
        try:
            return _open_part_by_part(root, spelling)
        except FileNotFoundError:  # noqa: PERF203 - at most twice
            continue
    return _open_part_by_part(root, spellings[-1])


def _composed(parts: tuple[str, ...], form: Literal["NFC", "NFD"]) -> tuple[str, ...]:
    return tuple(unicodedata.normalize(form, part) for part in parts)


def _open_part_by_part(root: Path, parts: tuple[str, ...]) -> int:
    current = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    for number, part in enumerate(parts):
        is_last = number == len(parts) - 1
        kind = os.O_NONBLOCK if is_last else os.O_DIRECTORY
        try:
            deeper = os.open(
                part, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | kind, dir_fd=current
            )
        finally:
            os.close(current)
        current = deeper
    return current


def _read_at_most(descriptor: int, name: str, limit: int) -> bytes:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise ImageError(f"{name}: is not a plain file", advice="Name a picture.")
    if status.st_size == 0:
        raise ImageError(f"{name}: is empty (0 bytes)", advice="Copy it again.")
    if status.st_size > limit:
        raise ImageError(
            f"{name}: is {status.st_size / MEBIBYTE:.1f} MiB; "
            f"the limit is {limit / MEBIBYTE:g} MiB",
            advice="Scale the photo down; `enrolment.max_photo_mebibytes` sets the limit.",
        )
    content = bytearray()
    while len(content) <= limit:
        block = os.read(descriptor, min(MEBIBYTE, limit + 1 - len(content)))
        if not block:
            return bytes(content)
        content += block
    raise ImageError(f"{name}: grew beyond {limit / MEBIBYTE:g} MiB while it was read")
