"""Photos that are not photos, and photos that are: what is read, and what is refused and why."""

from __future__ import annotations

import io
import os
import struct
import sys
import unicodedata
import zlib
from base64 import b64decode
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from PIL import Image

from edgeverify.enrolment import load_photo
from edgeverify.enrolment.decoding import decode
from edgeverify.enrolment.inside_folder import PhotoAbsentError
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


def jpeg_header(width: int, height: int) -> bytes:
    """Make a JPEG that states another size than it has."""
    content = picture()
    at = content.index(b"\xff\xc0") + 5
    return content[:at] + struct.pack(">HH", height, width) + content[at + 4 :]


HEIC = b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAaFtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAA"
    "AAAAAAAAAAAAADRpbG9jAAAAAERAAAIAAQAAAAABxQABAAAAAAAAAKwAAgAAAAACcQABAAAAAAAAACQAAAA4aWlu"
    "ZgAAAAAAAgAAABVpbmZlAgAAAAABAABodmMxAAAAABVpbmZlAgAAAQACAABFeGlmAAAAAA5waXRtAAAAAAABAAAA"
    "4GlwcnAAAADAaXBjbwAAAHhodmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMA"
    "AAMAHroCQGEAAQArQgEBA3AAAAMAkAAAAwAAAwAeoDCBBZbqSSmubgIaDAgAAAMAyAAAAwAIQGIAAQAHRAHBcrAi"
    "QAAAABNjb2xybmNseAABAA0ABoAAAAAUaXNwZQAAAAAAAABgAAAAQAAAABBwaXhpAAAAAAMICAgAAAAJaXJvdAMA"
    "AAAYaXBtYQAAAAAAAAABAAEFgQIDBIUAAAAaaXJlZgAAAAAAAAAOY2RzYwACAAEAAQAAANhtZGF0AAAAqCgBrwng"
    "x4LgOlLX/3NyOFf/0f7f/8w/6H8DrHx//WhP//MQcf8+uOchCHD/84//H5dAl/4QUnxh4xV3By2BNPd+IjvMwg9I"
    "DX9WgNWdRmdu2DFpvkT6zw0vwYFBs7iHfBEFhZuGkGfwhF/mVPKJQ44NFielFheWiyEsTCxjJfbMOt7QTSYT1/oM"
    "kVrdLFngm54uilD0dvXaqAW7/QUZzrvMCmEjR6o7cAAAAAZFeGlmAABNTQAqAAAACAABARIAAwAAAAEABgAAAAAA"
    "AA=="
)
"""96x64 pixels, the left half red, the right blue, a white corner on the upper left, turned right
by a quarter in its own words (EXIF orientation 6)."""

BAD: list[tuple[str, bytes, str]] = [
    ("a text file", b"hello, I am a photo", "is not a picture that can be read"),
    ("nothing", b"", r"is empty \(0 bytes\)"),
    ("half a photo", picture()[:400], "is damaged: "),
    ("a PNG cut short", picture(kind="PNG")[:-2000], "is damaged: "),
    ("a PNG whose data is damaged", picture(kind="PNG")[:200] + bytes(3500), "is damaged: "),
    ("26 megapixels", png_header(5200, 5000), "26.0 megapixels; the limit is 25 megapixels"),
    ("a bomb of 400 megapixels", png_header(20_000, 20_000), "megapixels"),
    ("a bomb of 10,000 megapixels", png_header(100_000, 100_000), "megapixels"),
    ("a PostScript program", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "PostScript"),
    ("a web page", b"<!DOCTYPE html><html><svg></svg></html>", "is a web page that cannot"),
    ("over 32 MiB", picture() + bytes(32 * 1024 * 1024), "is 32.0 MiB; the limit is 32 MiB"),
    ("a JPEG beyond all phones", jpeg_header(16_000, 13_000), "far more than 25 megapixels"),
    ("a HEIC of another codec", b"\0\0\0\x18ftypheic" + bytes(40), "is a HEIC picture that cannot"),
    ("half a HEIC", HEIC[:300], "HEIC|is damaged"),
    ("an AVIF cut short", picture(kind="AVIF")[:300], "AVIF|is damaged"),
    ("a film", b"\0\0\0\x18ftypisom" + bytes(40), r"is a film \(MP4 or MOV\)"),
    ("a PDF", b"%PDF-1.7 ...", "is a PDF document that cannot be read here"),
    (
        "half an AVIF",
        b"\0\0\0\x18ftypavif\0\0\0\0mif1avif",
        "is an AVIF picture that cannot be read here",
    ),
    ("JPEG XL", b"\xff\x0a" + bytes(40), "is a JPEG XL picture"),
    ("Git LFS", b"version https://git-lfs.github.com/spec/v1", "is the placeholder of a file in"),
]


@pytest.mark.parametrize(
    ("content", "reason"), [pytest.param(data, why, id=name) for name, data, why in BAD]
)
def test_what_is_no_photo_is_refused_by_name(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "ada.jpg").write_bytes(content)
    with pytest.raises(ImageError, match=rf"^ada\.jpg: .*(?:{reason})") as caught:
        load_photo(tmp_path, "ada.jpg", LIMITS)
    assert caught.value.advice[:1].isupper()


@pytest.mark.parametrize("content", [HEIC[: len(HEIC) // 2], picture(kind="AVIF")[:300]])
def test_a_phones_photo_that_was_copied_in_half_is_to_be_copied_again(content: bytes) -> None:
    """It was told to take its photos in another format, which this door reads well."""
    with pytest.raises(ImageError, match="damaged") as caught:
        decode("ada.heic", content, max_megapixels=25)
    assert caught.value.advice.startswith("Copy it again")


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


IN_UTF_8 = pytest.mark.skipif(
    sys.getfilesystemencoding() != "utf-8",
    reason="this Python cannot name the file; the product's own starts again in UTF-8",
)


@IN_UTF_8
@pytest.mark.parametrize("on_disk", ["NFC", "NFD"])
@pytest.mark.parametrize("in_config", ["NFC", "NFD"])
def test_a_name_that_is_composed_otherwise_is_the_same_name(
    tmp_path: Path, on_disk: Literal["NFC", "NFD"], in_config: Literal["NFC", "NFD"]
) -> None:
    name = "Zoé/Zoé Müller.jpg"
    path = tmp_path / unicodedata.normalize(on_disk, name)
    path.parent.mkdir()
    path.write_bytes(picture())
    read = load_photo(tmp_path, unicodedata.normalize(in_config, name), LIMITS)
    assert read.rgb.shape == (30, 40, 3)


@IN_UTF_8
def test_a_name_in_an_earlier_encoding_is_named(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode("J\xf6rg.jpg".encode("latin-1"))).write_bytes(picture())
    with pytest.raises(PhotoAbsentError, match="there is no such file") as caught:
        load_photo(tmp_path, "J\xf6rg.jpg", LIMITS)
    assert "written in latin-1 instead of UTF-8" in caught.value.advice
    with pytest.raises(PhotoAbsentError) as caught:
        load_photo(tmp_path, "\u0141ukasz.jpg", LIMITS)
    assert "large and small letters differ" in caught.value.advice


@pytest.mark.parametrize(
    ("name", "cure"),
    [("photos\\ada.jpg", "Write / instead of"), ("https://intranet/ada.jpg", "It is an address")],
)
def test_a_name_of_another_kind_is_told_how_to_be_written(
    tmp_path: Path, name: str, cure: str
) -> None:
    with pytest.raises(PhotoAbsentError) as caught:
        load_photo(tmp_path, name, LIMITS)
    assert cure in caught.value.advice


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


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "BMP", "GIF", "TIFF", "PPM"])
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


def test_a_phone_s_heic_is_read_upright(tmp_path: Path) -> None:
    (tmp_path / "IMG_0001.HEIC").write_bytes(HEIC)
    rgb = load_photo(tmp_path, "IMG_0001.HEIC", LIMITS).rgb
    assert rgb.shape == (96, 64, 3)
    assert rgb[8, -8].min() > 240
    assert rgb[8, 8, 0] > 150 > rgb[8, 8, 2]
    assert rgb[-8, 8, 2] > 150 > rgb[-8, 8, 0]


@pytest.mark.parametrize("is_progressive", [False, True])
@pytest.mark.parametrize("size", [(8064, 6048), (8192, 6144)])
def test_a_jpeg_of_48_and_50_megapixels_is_reduced_while_it_is_decoded(
    tmp_path: Path, size: tuple[int, int], *, is_progressive: bool
) -> None:
    image = Image.new("RGB", size, (200, 30, 30))
    image.paste((30, 30, 200), (size[0] // 2, 0, *size))
    image.save(tmp_path / "phone.jpg", quality=30, progressive=is_progressive)
    rgb = load_photo(tmp_path, "phone.jpg", LIMITS).rgb
    assert rgb.shape == (size[1] // 2, size[0] // 2, 3)
    assert rgb[10, 10, 0] > 150 > rgb[10, 10, 2]
    assert rgb[10, -10, 2] > 150 > rgb[10, -10, 0]


def test_a_heic_of_48_megapixels_is_halved(tmp_path: Path) -> None:
    content = Path(__file__).with_name("48-megapixels.heic").read_bytes()
    (tmp_path / "phone.heic").write_bytes(content)
    assert load_photo(tmp_path, "phone.heic", LIMITS).rgb.shape == (3024, 4032, 3)


def test_only_what_may_be_reduced_is_beyond_the_limit(tmp_path: Path) -> None:
    small = LIMITS.model_copy(update={"max_photo_megapixels": 0.001})
    for kind, is_read in (("JPEG", True), ("AVIF", True), ("PNG", False), ("WEBP", False)):
        (tmp_path / "ada").write_bytes(picture(50, 40, kind))
        if is_read:
            assert load_photo(tmp_path, "ada", small).rgb.shape == (20, 25, 3)
        else:
            with pytest.raises(ImageError, match=r"is 50x40, 0\.0 megapixels; the limit is 0\.001"):
                load_photo(tmp_path, "ada", small)
