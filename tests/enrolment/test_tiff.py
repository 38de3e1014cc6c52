"""TIFF holds more than a photo: several pages, smaller copies of one, numbers of any kind."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from edgeverify_export.parity.faces import read_rgb
from numpy.typing import NDArray
from PIL import Image, TiffImagePlugin

from edgeverify.enrolment.decoding import decode
from edgeverify.errors import ImageError

WHITE, BLACK = Image.new("RGB", (40, 30), "white"), Image.new("RGB", (40, 30))


PHOTOMETRIC = struct.pack("<HHI", 262, 3, 1)
"""The beginning of PhotometricInterpretation in a page's own table."""


def stack(*pages: Image.Image, kinds: tuple[int, ...], big: bool = False) -> bytes:
    """Write pages whose NewSubfileType (TIFF 6.0, tag 254) is `kinds`."""
    file = io.BytesIO()
    first, *others = pages
    for page, kind in zip(pages, kinds, strict=True):
        about = TiffImagePlugin.ImageFileDirectory_v2()
        about[254] = kind
        page.encoderinfo = {"tiffinfo": about}
    about = TiffImagePlugin.ImageFileDirectory_v2()
    about[254] = kinds[0]
    first.save(file, "TIFF", save_all=True, append_images=others, tiffinfo=about, big_tiff=big)
    return file.getvalue()


def floats(values: NDArray[np.float64]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(values.astype(np.float32)).save(file, "TIFF")
    return file.getvalue()


def read(content: bytes) -> NDArray[np.uint8]:
    return decode("ada.tif", content, max_megapixels=25)


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("kinds", [(0, 0), (2, 2), (0, 0, 0), (0, 1, 0)])
def test_of_several_pages_none_is_taken_silently(kinds: tuple[int, ...], *, big: bool) -> None:
    pages = [WHITE.copy(), *(BLACK.copy() for _ in kinds[1:])]
    with pytest.raises(ImageError, match=r"^ada\.tif: has several pages") as caught:
        read(stack(*pages, kinds=kinds, big=big))
    assert caught.value.advice == "Save the page that shows the face as JPEG or PNG."


def test_whoever_reads_photos_refuses_several_pages(tmp_path: Path) -> None:
    path = tmp_path / "ada.tif"
    path.write_bytes(stack(WHITE.copy(), BLACK.copy(), kinds=(0, 0)))
    with pytest.raises(ImageError, match="has several pages"):
        read_rgb(path)


@pytest.mark.parametrize("kinds", [(0, 1), (0, 1, 1, 1)])
def test_smaller_copies_of_a_page_are_no_pages(kinds: tuple[int, ...]) -> None:
    pages = [WHITE.copy(), *(BLACK.resize((20, 15)) for _ in kinds[1:])]
    rgb = read(stack(*pages, kinds=kinds))
    assert rgb.shape == (30, 40, 3)
    assert (rgb == 255).all()


def test_a_smaller_copy_of_a_kind_that_is_not_read_is_none_either() -> None:
    content = bytearray(stack(WHITE.copy(), BLACK.resize((20, 15)), kinds=(0, 1)))
    at = content.rindex(
        struct.pack("<HHI", 262, 3, 1)
    )  # PhotometricInterpretation of the last page
    content[at + 8 : at + 10] = struct.pack("<H", 999)
    assert (read(bytes(content)) == 255).all()


@pytest.mark.parametrize("top", [1.0, 1.04, 255.0, 262.0])
def test_floating_point_numbers_are_read_as_their_range_says(top: float) -> None:
    """From 0 to 1 they were read as black, without a word."""
    rgb = read(floats(np.linspace(0, top, 1200).reshape(30, 40)))
    assert rgb[0].mean() < 20
    assert rgb[-1].mean() > 240


@pytest.mark.parametrize("values", [np.full((30, 40), np.nan), np.linspace(0, 65535, 1200)])
def test_floating_point_numbers_of_another_range_are_named(values: NDArray[np.float64]) -> None:
    with pytest.raises(ImageError, match="floating-point numbers that go neither") as caught:
        read(floats(values.reshape(30, 40)))
    assert "8 bits a channel" in caught.value.advice


def test_a_tiff_that_cannot_be_read_is_called_one() -> None:
    """Three channels of floating-point numbers were called no picture."""
    content = bytearray(stack(WHITE.copy(), kinds=(0,)))
    at = content.index(PHOTOMETRIC)
    content[at + 8 : at + 10] = struct.pack("<H", 999)
    with pytest.raises(ImageError, match="is a TIFF picture that cannot be read here") as caught:
        read(bytes(content))
    assert caught.value.advice == "Save it as JPEG or PNG, of 8 bits a channel."
