"""What a file is that cannot be decoded, by its first bytes, and what to do about it (pure)."""

from __future__ import annotations

from collections.abc import Mapping

_BRANDS: Mapping[bytes, str] = {
    b"heic": "HEIC",
    b"heix": "HEIC",
    b"heim": "HEIC",
    b"heis": "HEIC",
    b"hevc": "HEIC",
    b"hevx": "HEIC",
    b"mif1": "HEIF",
    b"msf1": "HEIF",
    b"avif": "AVIF",
    b"avis": "AVIF",
}
"""Major brands of ISO/IEC 23008-12 (HEIF) and of AVIF, in the file's first box."""
_FILM = "a film (MP4 or MOV)"
_BEGINNINGS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "a PDF document"),
    (b"%!PS", "a PostScript program"),
    (b"\x00\x00\x00\x0cJXL ", "a JPEG XL picture"),
    (b"\xff\x0a", "a JPEG XL picture"),
    (b"\x00\x00\x00\x0cjP  ", "a JPEG 2000 picture"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 picture"),
    (b"PK\x03\x04", "a ZIP archive or an office document"),
    (b"\x1a\x45\xdf\xa3", "a film (Matroska or WebM)"),
    (b"<svg", "an SVG drawing"),
    (b"<!DOCTYPE html", "a web page"),
    (b"<html", "a web page"),
    (b"version https://git-lfs", "the placeholder of a file in Git LFS"),
)
_SAVE = "Save it as JPEG or PNG."
_FROM_A_PHONE = "Save it as JPEG: on an iPhone, Settings, Camera, Formats, Most Compatible."


def kind_of(content: bytes) -> str:
    """Return what a file seems to be, with its article; empty where its beginning tells nothing."""
    if content[4:8] == b"ftyp":
        name = _BRANDS.get(content[8:12])
        return f"a {name} picture" if name else _FILM
    return next((name for start, name in _BEGINNINGS if content.startswith(start)), "")


def advice_for(kind: str) -> str:
    """Return what to do with a file of such a kind, a sentence."""
    if "HEI" in kind or "AVIF" in kind:
        return _FROM_A_PHONE
    return _SAVE if kind else "Use JPEG, PNG, WebP, HEIC or AVIF."
