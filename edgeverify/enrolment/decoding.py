"""A photo's bytes to pixels, with every limit checked before anything is decoded."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from edgeverify.domain import RgbImage
from edgeverify.errors import ImageError

_BRANDS: Mapping[bytes, str] = {
    b"heic": "a HEIC picture",
    b"heix": "a HEIC picture",
    b"heim": "a HEIC picture",
    b"heis": "a HEIC picture",
    b"hevc": "a HEIC picture",
    b"hevx": "a HEIC picture",
    b"mif1": "a HEIF picture",
    b"msf1": "a HEIF picture",
    b"avif": "an AVIF picture",
    b"avis": "an AVIF picture",
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
    *((start, "a TIFF picture") for start in (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")),
)
_SAVE = "Save it as JPEG or PNG."
_SAVE_AS_BYTES = "Save it as JPEG or PNG, of 8 bits a channel."
_COPY_AGAIN = "Copy it again from where it comes from, or save it as JPEG once more."
_FROM_A_PHONE = "Save it as JPEG: on an iPhone, Settings, Camera, Formats, Most Compatible."

FORMATS = ("JPEG", "PNG", "WEBP", "HEIF", "AVIF", "BMP", "GIF", "TIFF", "PPM")
"""What is decoded at all; a phone's MPO counts as JPEG. Others (EPS, PDF) start interpreters."""
_ALWAYS_THERE = ("JPEG", "PNG", "BMP", "GIF", "PPM")
"""Those of them that Pillow registers by itself before it opens the first picture."""

PICTURE_ENDINGS = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".apng", ".webp", ".heic", ".heif", ".hif"}
    | {".avif", ".bmp", ".gif", ".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".pnm"}
)
"""How files of these formats are called, for whoever looks for pictures in a folder."""

_NEW_SUBFILE_TYPE = 254
_MOST_COPIES = 32
"""Of a page: each halves its sides, so no picture has more."""

MEGAPIXEL = 1_000_000
REDUCED_UP_TO = 8
"""So many times the limit a JPEG may have: it is reduced while it is decoded, which takes the
memory of the reduced picture alone (and 3 bytes a pixel for a progressive one's coefficients)."""
HALVED_UP_TO = 2.1
"""Likewise a HEIC or AVIF, decoded whole and halved: the 48 and 50 megapixels of phones."""
_SCALE_DOWN = "Scale it down, or save it as JPEG; `enrolment.max_photo_megapixels` sets the limit."


def decode(name: str, content: bytes, *, max_megapixels: float) -> RgbImage:
    """Return a photo's pixels, uint8 (h, w, 3), upright; the first frame where it is animated.

    Raises ImageError naming `name` and what is wrong with it.
    """
    if not content:
        raise ImageError(f"{name}: is empty (0 bytes)", advice="Copy it again.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's own size warning: ours is stricter
            with Image.open(io.BytesIO(content), formats=_formats_of(content)) as image:
                _require_one_page(name, image)
                factor = _reduction(name, image, max_megapixels)
                if factor > 1:
                    image.draft(image.mode, (image.width // factor, image.height // factor))
                image.load()
                upright = ImageOps.exif_transpose(image)
                if upright.width * upright.height > max_megapixels * MEGAPIXEL:
                    upright = upright.reduce(factor)
                return _to_rgb(name, upright)
    except ImageError:
        raise
    except UnidentifiedImageError:
        raise _unidentified(name, content) from None
    except Image.DecompressionBombError:
        raise ImageError(
            f"{name}: has far more than {max_megapixels:g} megapixels", advice=_SCALE_DOWN
        ) from None
    except MemoryError:
        raise ImageError(f"{name}: does not fit into memory", advice=_SCALE_DOWN) from None
    except Exception as error:  # noqa: BLE001 - decoders raise whatever damaged bytes lead to
        raise ImageError(f"{name}: is damaged: {_first_line(error)}", advice=_COPY_AGAIN) from None


def _unidentified(name: str, content: bytes) -> ImageError:
    """Make the error of what no reader knows, called by what its beginning says."""
    kind = kind_of(content)
    what = f"{kind} that cannot be read here" if kind else "not a picture that can be read"
    advice = advice_for(kind)
    if _is_of_phones(kind) and _reads_heif():
        what += ": it is damaged or cut short, or of another codec"
        advice = _COPY_AGAIN
    elif "TIFF" in kind:
        what += ": of other numbers than 8 or 16 bits, of a rare compression, or damaged"
        advice = _SAVE_AS_BYTES
    return ImageError(f"{name}: is {what}", advice=advice)


def _formats_of(content: bytes) -> tuple[str, ...]:
    """Return the formats that a picture may be of, their readers registered.

    Only those that its first bytes speak of are loaded. Pillow would load every reader that it
    has for one name that is not registered.
    """
    if content[4:8] == b"ftyp":
        from PIL import AvifImagePlugin  # noqa: F401, PLC0415 - registers itself

        return ("AVIF", "HEIF") if _reads_heif() else ("AVIF",)
    if content.startswith(b"RIFF"):
        from PIL import WebPImagePlugin  # noqa: F401, PLC0415 - registers itself

        return ("WEBP",)
    if content.startswith((b"II", b"MM")):
        from PIL import TiffImagePlugin  # noqa: F401, PLC0415 - registers itself

        return ("TIFF",)
    return _ALWAYS_THERE


def _reads_heif() -> bool:
    try:
        import pi_heif  # noqa: PLC0415 - 2 MiB for a phone's photos
    except ImportError:  # an environment that was made for an earlier release: refused by name
        return False
    pi_heif.register_heif_opener()
    return True


def _reduction(name: str, image: Image.Image, max_megapixels: float) -> int:
    """Return by what to divide both sides (1, 2, 4 or 8) so that the picture keeps to its limit.

    Raises ImageError where it is too large for that.
    """
    pixels, limit = image.width * image.height, max_megapixels * MEGAPIXEL
    if pixels <= limit:
        return 1
    largest = {"JPEG": REDUCED_UP_TO, "MPO": REDUCED_UP_TO, "HEIF": HALVED_UP_TO}
    largest["AVIF"] = HALVED_UP_TO
    if pixels <= limit * largest.get(image.format or "", 1.0):
        # The scales at which libjpeg decodes without the rest (Pillow: Image.draft).
        return next(factor for factor in (2, 4, 8) if pixels <= limit * factor**2)
    raise ImageError(
        f"{name}: is {image.width}x{image.height}, {pixels / MEGAPIXEL:.1f} megapixels; the "
        f"limit is {max_megapixels:g} megapixels",
        advice=_SCALE_DOWN,
    )


def _require_one_page(name: str, image: Image.Image) -> None:
    """Raise ImageError for a TIFF of several pages: whose face is meant would be a guess.

    A page's smaller copies (bit 0 of NewSubfileType, TIFF 6.0) are no pages of their own. The
    image is at its first page afterwards.
    """
    if image.format != "TIFF":
        return
    try:
        for page in range(1, _MOST_COPIES + 1):
            with contextlib.suppress(SyntaxError):  # a copy of a kind that Pillow does not read
                image.seek(page)
            if not image.tag_v2.get(_NEW_SUBFILE_TYPE, 0) & 1:  # type: ignore[attr-defined]
                break
    except EOFError:
        return
    finally:
        image.seek(0)
    raise ImageError(
        f"{name}: has several pages, and a photo is one picture",
        advice="Save the page that shows the face as JPEG or PNG.",
    )


def _to_rgb(name: str, image: Image.Image) -> RgbImage:
    if image.mode == "F":
        return _three_of(_bytes_of_floats(name, np.asarray(image)))
    if image.mode.startswith("I;16") or image.mode == "I":
        values = np.asarray(image).astype(np.float64)
        top = max(float(np.max(values)), 255.0)
        grey = (values * (255.0 / (65535.0 if top > 255.0 else top))).clip(0, 255)
        return _three_of(grey.astype(np.uint8))
    if image.has_transparency_data:
        layers = image.convert("RGBA")
        paper = Image.new("RGBA", layers.size, "white")
        image = Image.alpha_composite(paper, layers)
    return np.ascontiguousarray(np.asarray(image.convert("RGB"), dtype=np.uint8))


def _three_of(grey: NDArray[np.uint8]) -> RgbImage:
    return np.repeat(grey[:, :, np.newaxis], 3, axis=2)


def _bytes_of_floats(name: str, values: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return grey, uint8, of numbers from 0 to 1 or from 0 to 255; ImageError of others.

    Whoever sharpens a picture passes its ends; by less than a factor of two.
    """
    top = float(np.max(values))
    if not np.isfinite(values).all() or top > 2 * 255:
        raise ImageError(
            f"{name}: is of floating-point numbers that go neither from 0 to 1 nor from 0 to 255",
            advice=_SAVE_AS_BYTES,
        )
    return (values * (255.0 if top <= 2.0 else 1.0)).clip(0, 255).astype(np.uint8)


def _first_line(error: Exception) -> str:
    text = str(error).splitlines()
    return text[0] if text else type(error).__name__


def kind_of(content: bytes) -> str:
    """Return what a file seems to be, with its article; empty where its beginning tells nothing."""
    if content[4:8] == b"ftyp":
        return _BRANDS.get(content[8:12], _FILM)
    return next((name for start, name in _BEGINNINGS if content.startswith(start)), "")


def _is_of_phones(kind: str) -> bool:
    return "HEI" in kind or "AVIF" in kind


def advice_for(kind: str) -> str:
    """Return what to do with a file of such a kind, a sentence."""
    if _is_of_phones(kind):
        return _FROM_A_PHONE
    return _SAVE if kind else "Use JPEG, PNG, WebP, HEIC or AVIF."
