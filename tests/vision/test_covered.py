"""Sunglasses and masks are asked to come off; clear spectacles, beards and caps are not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.covered_faces import (
    LENSES,
    MASKS,
    Look,
    pictures,
    spectacled,
    with_lenses,
    with_mask,
)
from edgeverify.domain import Gate, RgbImage
from edgeverify.vision.covered import measure_covering
from edgeverify.vision.opening import FaceFinder

DARK_GLASSES = (
    "Annie-Jeanne_Reynaud_0001",
    "Carla_Sullivan_0001",
    "Fernando_Vargas_0003",
    "Hootie_Johnson_0001",
    "James_Cameron_0001",
    "Keanu_Reeves_0007",
    "Kevin_Costner_0002",
    "Will_Smith_0002",
)
"""Of LFW, picked by eye."""


@pytest.fixture(scope="module")
def look(finder: FaceFinder) -> Look:
    return Look(finder)


def read(path: Path) -> RgbImage:
    (_, rgb) = next(pictures([path]))
    return rgb


def lfw(testdata: Path, name: str) -> RgbImage:
    person = name.rsplit("_", maxsplit=1)[0]
    return read(testdata / f"lfw/lfw-deepfunneled/{person}/{name}.jpg")


@pytest.mark.parametrize("name", DARK_GLASSES)
def test_whoever_wears_dark_glasses_is_asked_to_take_them_off(
    testdata: Path, look: Look, name: str
) -> None:
    assert look.verdict(lfw(testdata, name)) == Gate.EYES_COVERED.value


def test_nobody_in_clear_spectacles_is(testdata: Path, look: Look) -> None:
    worn = spectacled(testdata / "nuaa/db/ClientRaw")
    verdicts = [look.verdict(rgb) for _, rgb in pictures(worn[::20])]

    assert len(worn) == 280
    assert verdicts == ["passed"] * 14


def test_of_yales_seven_in_spectacles_only_the_one_in_dark_ones_is(
    testdata: Path, look: Look
) -> None:
    faces = sorted((testdata / "yale/yalefaces").glob("*.glasses"))
    refused = [path.name for path in faces if look.verdict(read(path)) != "passed"]

    assert len(faces) == 7
    assert refused == ["subject03.glasses"]


@pytest.mark.parametrize("colour", LENSES)
def test_drawn_lenses_are_found_on_a_face_that_passed_without(
    testdata: Path, look: Look, colour: str
) -> None:
    rgb = read(min((testdata / "nuaa/db/ClientRaw/0005").glob("*.jpg")))
    face = look.face(rgb)
    assert face is not None

    assert look.verdict(rgb) == "passed"
    worn = with_lenses(rgb, face.mesh, LENSES[colour])
    assert look.verdict(worn) == Gate.EYES_COVERED.value


@pytest.mark.parametrize("colour", MASKS)
def test_a_drawn_mask_is_found_or_the_mesh_is_lost(testdata: Path, look: Look, colour: str) -> None:
    rgb = read(min((testdata / "nuaa/db/ClientRaw/0005").glob("*.jpg")))
    face = look.face(rgb)
    assert face is not None

    worn = with_mask(rgb, face.mesh, MASKS[colour])
    assert look.verdict(worn) in {Gate.MOUTH_COVERED.value, "no face"}


def test_a_picture_without_colour_says_nothing_of_a_mouth_and_raises_nothing() -> None:
    grey = np.full((100, 100, 3), 120, np.uint8)
    mesh = np.random.default_rng(1).uniform(-20, 140, (468, 3)).astype(np.float32)

    covering = measure_covering(grey, mesh)

    assert covering.mouth_difference == 0.0
    assert covering.eye_light == pytest.approx(1.0)
    black = measure_covering(np.zeros_like(grey), mesh)
    assert 0.0 <= black.eye_light <= 2.0
