"""Photos that are not photos, and photos that are: what is read, and what is refused and why."""

from __future__ import annotations

import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgeverify.enrolment import load_photo
from edgeverify.errors import ImageError
from edgeverify.settings import EnrolmentSettings

LIMITS = EnrolmentSettings()


def picture(width: int = 40, height: int = 30, kind: str = "JPEG", **options: object) -> bytes:
    values = np.random.default_rng(7).integers(0, 255, (height, width, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(values).save(file, kind, **options)
    return file.getvalue()


def png_header(width: int, height: int) -> bytes:
    """Make a PNG that states a size and holds next to nothing: a decompression bomb."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000)))
    )


BAD: list[tuple[str, bytes, str]] = [
    ("a text file", b"hello, I am a photo", "is not a picture that can be read"),
    ("nothing", b"", r"is empty \(0 bytes\)"),
    ("half a photo", picture()[:400], "is damaged: "),
    ("a PNG cut short", picture(kind="PNG")[:-2000], "is damaged: "),
    ("a PNG whose data is damaged", picture(kind="PNG")[:200] + bytes(3500), "is damaged: "),
    ("26 megapixels", png_header(5200, 5000), "26.0 megapixels; the limit is 25"),
    ("a bomb of 400 megapixels", png_header(20_000, 20_000), "megapixels"),
    ("a bomb of 10,000 megapixels", png_header(100_000, 100_000), "megapixels"),
    ("a PostScript program", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a picture"),
    ("a web page", b"<!DOCTYPE html><html><svg></svg></html>", "is not a picture"),
    ("over 10 MiB", picture() + bytes(10 * 1024 * 1024), "is 10.0 MiB; the limit is 10 MiB"),
]


@pytest.mark.parametrize(
    ("content", "reason"), [pytest.param(data, why, id=name) for name, data, why in BAD]
)
def test_what_is_no_photo_is_refused_by_name(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "ada.jpg").write_bytes(content)
    with pytest.raises(ImageError, match=rf"^ada\.jpg: .*{reason}"):
        load_photo(tmp_path, "ada.jpg", LIMITS)


@pytest.mark.parametrize(
    "name", ["../secret.jpg", "photos/../../secret.jpg", "link.jpg", "up/a.jpg"]
)
def test_a_photo_outside_the_config_s_folder_or_behind_a_link_out_is_refused(
    tmp_path: Path, name: str
) -> None:
    config = tmp_path / "config"
    (config / "photos").mkdir(parents=True)
    (tmp_path / "secret.jpg").write_bytes(picture())
    (tmp_path / "a.jpg").write_bytes(picture())
    (config / "link.jpg").symlink_to(tmp_path / "secret.jpg")
    (config / "up").symlink_to(tmp_path)
    with pytest.raises(ImageError, match="lies outside the config's folder"):
        load_photo(config, name, LIMITS)
    with pytest.raises(ImageError, match="lies outside the config's folder"):
        load_photo(config, str(tmp_path / "secret.jpg"), LIMITS)


def test_a_link_that_stays_inside_is_followed(tmp_path: Path) -> None:
    (tmp_path / "people").mkdir()
    (tmp_path / "people" / "ada.jpg").write_bytes(picture())
    (tmp_path / "ada.jpg").symlink_to("people/ada.jpg")
    assert load_photo(tmp_path, "ada.jpg", LIMITS).rgb.shape == (30, 40, 3)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("nobody.jpg", "there is no such file"),
        ("nobody/ada.jpg", "there is no such file"),
        (".", "names the config's folder itself"),
        ("folder", "cannot be opened|is not a plain file"),
        ("pipe", "is not a plain file"),
        ("loop", "cannot be|lies outside"),
        ("a\0b", "lies outside|NUL|cannot be"),
        ("x" * 300, "cannot be"),
    ],
)
def test_other_names_that_are_no_file(tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(ImageError, match=reason):
        load_photo(tmp_path, name, LIMITS)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM"])
def test_the_usual_kinds_are_read(tmp_path: Path, kind: str) -> None:
    (tmp_path / "ada").write_bytes(picture(kind=kind))
    photo = load_photo(tmp_path, "ada", LIMITS)
    assert photo.rgb.shape == (30, 40, 3)
    assert photo.rgb.dtype == np.uint8


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16", "I", "F"])
def test_every_kind_of_pixel_becomes_rgb(tmp_path: Path, mode: str) -> None:
    grey = Image.fromarray(np.linspace(0, 255, 1200).reshape(30, 40).astype(np.uint8))
    if mode == "I;16":
        image = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    else:
        image = grey.convert("RGB").convert(mode) if mode in {"P", "CMYK"} else grey.convert(mode)
    image.save(tmp_path / "ada", "TIFF" if mode != "P" else "PNG")
    rgb = load_photo(tmp_path, "ada", LIMITS).rgb
    assert rgb.shape == (30, 40, 3)
    assert rgb[0].mean() < 60
    assert rgb[-1].mean() > 200


def test_a_clear_background_is_white_paper(tmp_path: Path) -> None:
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(tmp_path / "ada.png")
    assert (load_photo(tmp_path, "ada.png", LIMITS).rgb == 255).all()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_phone_s_photo_stands_upright(tmp_path: Path, orientation: int) -> None:
    upright = np.zeros((40, 60, 3), dtype=np.uint8)
    upright[:20, :30] = 255  # white at the top left
    turned = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright, 1),
        7: upright[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(np.ascontiguousarray(turned)).save(tmp_path / "a.png", exif=exif)
    assert np.array_equal(load_photo(tmp_path, "a.png", LIMITS).rgb, upright)


def test_the_digest_is_of_the_file_s_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(picture(quality=90))
    (tmp_path / "b.jpg").write_bytes(picture(quality=91))
    first = load_photo(tmp_path, "a.jpg", LIMITS).digest
    assert load_photo(tmp_path, "a.jpg", LIMITS).digest == first
    assert load_photo(tmp_path, "b.jpg", LIMITS).digest != first
