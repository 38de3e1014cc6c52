"""A photo file to pixels, with every limit checked before anything is decoded."""

from __future__ import annotations

import hashlib
import io
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import (  # the plug-ins are imported to register their formats
    Image,
    ImageOps,
    TiffImagePlugin,  # noqa: F401
    UnidentifiedImageError,
    WebPImagePlugin,  # noqa: F401
)

from edgeverify.domain import RgbImage
from edgeverify.enrolment.inside_folder import read_inside
from edgeverify.errors import ImageError
from edgeverify.settings import EnrolmentSettings

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM")
"""What is decoded at all; a phone's MPO counts as JPEG. Others (EPS, PDF) start interpreters."""

MEGAPIXEL = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Photo:
    """Pixels, uint8 RGB, upright (EXIF orientation applied), and SHA-256 (hex) of the file."""

    name: str
    rgb: RgbImage
    digest: str


def digest_of(content: bytes) -> str:
    """SHA-256 of a photo's bytes, hex: what says that a photo has not changed."""
    return hashlib.sha256(content).hexdigest()


def load_photo(folder: Path, name: str, limits: EnrolmentSettings) -> Photo:
    """Read and decode the photo `name` inside `folder`. Raises ImageError naming it and why."""
    content = read_inside(folder, name, max_mebibytes=limits.max_photo_mebibytes)
    return decode_photo(name, content, max_megapixels=limits.max_photo_megapixels)


def decode_photo(name: str, content: bytes, *, max_megapixels: float) -> Photo:
    """Decode a photo's bytes; the first frame where it is animated. Raises ImageError."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's own size warning: ours is stricter
            with Image.open(io.BytesIO(content), formats=FORMATS) as image:
                _check_size(name, image, max_megapixels)
                image.load()
                upright = ImageOps.exif_transpose(image)
                rgb = _to_rgb(upright)
    except ImageError:
        raise
    except UnidentifiedImageError:
        raise ImageError(
            f"{name}: is not a picture that can be read", advice=f"Use {', '.join(FORMATS[:4])}"
        ) from None
    except Image.DecompressionBombError:
        raise ImageError(f"{name}: has far more than {max_megapixels:g} megapixels") from None
    except MemoryError:
        raise ImageError(f"{name}: does not fit into memory") from None
    except Exception as error:  # noqa: BLE001 - decoders raise whatever damaged bytes lead to
        raise ImageError(f"{name}: is damaged: {_first_line(error)}") from None
    return Photo(name=name, rgb=rgb, digest=digest_of(content))


def _check_size(name: str, image: Image.Image, max_megapixels: float) -> None:
    pixels = image.width * image.height
    if pixels > max_megapixels * MEGAPIXEL:
        raise ImageError(
            f"{name}: is {image.width}x{image.height}, {pixels / MEGAPIXEL:.1f} megapixels; the "
            f"limit is {max_megapixels:g}",
            advice="Scale it down; `enrolment.max_photo_megapixels` sets the limit.",
        )


def _to_rgb(image: Image.Image) -> RgbImage:
    if image.mode.startswith("I;16") or image.mode == "I":
        values = np.asarray(image).astype(np.float64)
        top = max(float(values.max()), 255.0)
        grey = (values * (255.0 / (65535.0 if top > 255.0 else top))).clip(0, 255)
        return np.repeat(grey.astype(np.uint8)[:, :, np.newaxis], 3, axis=2)
    if image.has_transparency_data:
        layers = image.convert("RGBA")
        paper = Image.new("RGBA", layers.size, "white")
        image = Image.alpha_composite(paper, layers)
    return np.ascontiguousarray(np.asarray(image.convert("RGB"), dtype=np.uint8))


def _first_line(error: Exception) -> str:
    text = str(error).splitlines()
    return text[0] if text else type(error).__name__
