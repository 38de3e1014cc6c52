"""A photo file and its pixels."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from edgeverify.domain import RgbImage
from edgeverify.enrolment.inside_folder import read_inside
from edgeverify.settings import EnrolmentSettings


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Photo:
    """Pixels, uint8 RGB, upright (EXIF orientation applied), and SHA-256 (hex) of the file."""

    name: str
    rgb: RgbImage
    digest: str


def digest_of(content: bytes) -> str:
    """Return SHA-256 of a photo's bytes, hex: what says that a photo has not changed."""
    return hashlib.sha256(content).hexdigest()


def load_photo(folder: Path, name: str, limits: EnrolmentSettings) -> Photo:
    """Read and decode the photo `name` inside `folder`. Raises ImageError naming it and why."""
    content = read_inside(folder, name, max_mebibytes=limits.max_photo_mebibytes)
    return decode_photo(name, content, max_megapixels=limits.max_photo_megapixels)


def decode_photo(name: str, content: bytes, *, max_megapixels: float) -> Photo:
    """Decode a photo's bytes; the first frame where it is animated. Raises ImageError."""
    # A door whose people are all enrolled decodes none: 7 MiB that it does not hold.
    from edgeverify.enrolment.decoding import decode  # noqa: PLC0415

    rgb = decode(name, content, max_megapixels=max_megapixels)
    return Photo(name=name, rgb=rgb, digest=digest_of(content))
