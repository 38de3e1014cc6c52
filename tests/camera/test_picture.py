"""What can be told of a camera from its pictures."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageFile

from edgeverify.camera.picture import THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH
from tests.camera.conftest import scene
from tests.camera.drawn import examine

sizes = st.tuples(st.integers(160, 400), st.integers(120, 300))
seeds = st.integers(0, 2**16)


@given(size=sizes, seed=seeds)
def test_any_size_becomes_one_thumbnail_of_the_same_brightness(
    size: tuple[int, int], seed: int
) -> None:
    picture = scene(seed, width=size[0], height=size[1])
    figures = examine(picture)
    assert len(figures.thumbnail) == THUMBNAIL_HEIGHT * THUMBNAIL_WIDTH
    assert abs(figures.mean - cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).mean()) < 4
    assert figures.filled_rows == 0.0


@given(seed=seeds, row=st.integers(0, 29), column=st.integers(0, 319))
def test_the_checksum_knows_each_pixel_that_it_reads(seed: int, row: int, column: int) -> None:
    picture = scene(seed)
    before = examine(picture).checksum
    assert examine(picture.copy()).checksum == before
    picture[row * 8, column, 0] ^= 1
    assert examine(picture).checksum != before


@given(
    seed=seeds, height=st.integers(120, 1080), share=st.floats(0.2, 0.9), grey=st.integers(40, 255)
)
def test_a_picture_of_which_the_rest_never_came_is_torn(
    seed: int, height: int, share: float, grey: int
) -> None:
    picture = scene(seed, width=320, height=height)
    kept = round(height * (1 - share))
    picture[kept:] = grey
    assert examine(picture).is_torn


@given(seed=seeds, share=st.floats(0.2, 0.9))
def test_a_last_row_smeared_to_the_bottom_is_torn(seed: int, share: float) -> None:
    picture = scene(seed)
    kept = round(240 * (1 - share))
    picture[kept:] = picture[kept - 1]
    assert examine(picture).is_torn


@given(seed=seeds, row=st.integers(70, 170), is_upper_new=st.booleans())
def test_half_of_a_new_picture_and_half_of_the_old(
    seed: int, row: int, *, is_upper_new: bool
) -> None:
    """As FFmpeg makes of a JPEG that was cut off; no edge need be visible between the halves."""
    before, after = scene(seed), scene(seed + 1)
    mixed = before.copy()
    new = slice(0, row) if is_upper_new else slice(row, None)
    mixed[new] = after[new]
    assert examine(mixed, before).is_torn
    assert not examine(after, before).is_torn


@given(seed=seeds)
def test_pictures_that_follow_one_another_are_not_torn(seed: int) -> None:
    assert not examine(scene(seed + 1), scene(seed)).is_torn
    assert not examine(scene(seed), scene(seed)).is_torn


@given(seed=seeds, bar=st.integers(1, 110))
def test_a_letter_box_is_not_a_tear(seed: int, bar: int) -> None:
    picture = scene(seed)
    picture[:bar] = 0
    picture[-bar:] = 16
    assert not examine(picture).is_torn


@given(value=st.integers(0, 255))
def test_a_flat_picture_is_not_a_tear(value: int) -> None:
    assert not examine(np.full((240, 320, 3), value, np.uint8)).is_torn


@given(seed=seeds, value=st.sampled_from([0, 255]), share=st.floats(0.3, 0.7))
def test_a_ceiling_too_bright_for_the_sensor_is_not_a_tear(
    seed: int, value: int, share: float
) -> None:
    before, after = scene(seed), scene(seed + 1)
    for picture in (before, after):
        picture[: round(240 * share)] = value
    assert not examine(after, before).is_torn


def test_somebody_moving_before_a_still_wall_is_not_a_tear() -> None:
    before = scene(1)
    after = before.copy()
    after[40:120, 100:180] = 90  # the encoder repeats everything else pixel for pixel
    assert not examine(after, before).is_torn


@pytest.mark.parametrize("kept", [0.3, 0.5, 0.7])
def test_a_real_photo_of_which_half_arrived(
    testdata: Path, kept: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    photos = (testdata / "lfw").rglob("*_0001.jpg")
    data = max(photos, key=lambda path: path.stat().st_size).read_bytes()

    def decode(part: bytes) -> NDArray[np.uint8]:
        with Image.open(BytesIO(part)) as image:
            return np.asarray(image.convert("RGB"))

    assert not examine(decode(data)).is_torn
    assert examine(decode(data[: round(len(data) * kept)])).is_torn
