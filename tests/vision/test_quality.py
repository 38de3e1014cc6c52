"""Each gate refuses what it is there for, by name, with the hint a person would need."""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeverify.domain import Gate, HeadPose, QualityFigures, Reason
from edgeverify.settings import QualitySettings
from edgeverify.vision.quality import measure, refuse

from .conftest import FaceOf, Photo

FRONTAL = HeadPose(yaw_degrees=0, pitch_degrees=0, roll_degrees=0)
GOOD = QualityFigures(
    eye_distance_pixels=90, sharpness=400, brightness=120, contrast=45, border_pixels=100
)


def test_a_good_face_passes() -> None:
    assert refuse(GOOD, FRONTAL, QualitySettings()) is None


@pytest.mark.parametrize(
    ("change", "gate", "hint"),
    [
        ({"eye_distance_pixels": 35.9}, Gate.TOO_FAR, "move closer"),
        ({"border_pixels": -5.0}, Gate.CUT_OFF, "move to the middle of the picture"),
        ({"brightness": 20.0}, Gate.TOO_DARK, "too dark: more light"),
        ({"brightness": 240.0}, Gate.TOO_BRIGHT, "too bright: step out of the glare"),
        ({"contrast": 5.0}, Gate.TOO_DARK, "too little contrast"),
        ({"sharpness": 3.0}, Gate.BLURRED, "hold still"),
        ({"eye_light": 0.3}, Gate.EYES_COVERED, "take off your sunglasses"),
        ({"mouth_difference": 0.1}, Gate.MOUTH_COVERED, "uncover your mouth and nose"),
    ],
)
def test_a_bad_figure_is_refused_by_name(change: dict[str, float], gate: Gate, hint: str) -> None:
    refusal = refuse(replace(GOOD, **change), FRONTAL, QualitySettings())
    assert refusal is not None
    assert refusal.reason is Reason.POOR_QUALITY
    assert refusal.gate is gate
    assert hint in refusal.hint
    assert refusal.measured == next(iter(change.values()))


@pytest.mark.parametrize(
    ("pose", "hint"),
    [
        (replace(FRONTAL, yaw_degrees=-45), "look at the camera"),
        (replace(FRONTAL, pitch_degrees=40), "look straight at the camera"),
        (replace(FRONTAL, roll_degrees=31), "hold your head upright"),
    ],
)
def test_a_turned_head_is_asked_to_look(pose: HeadPose, hint: str) -> None:
    refusal = refuse(GOOD, pose, QualitySettings())
    assert refusal is not None
    assert refusal.gate is Gate.TURNED_AWAY
    assert refusal.hint == hint


@pytest.mark.parametrize("name", list(QualityFigures.__dataclass_fields__))
def test_a_figure_that_is_not_a_number_never_passes(name: str) -> None:
    assert refuse(replace(GOOD, **{name: math.nan}), FRONTAL, QualitySettings()) is not None


@given(
    pixels=st.floats(0, 200),
    light=st.floats(0, 255),
    sharpness=st.floats(0, 500),
    yaw=st.floats(-90, 90),
)
def test_what_passes_lies_within_every_limit(
    pixels: float, light: float, sharpness: float, yaw: float
) -> None:
    limits = QualitySettings()
    figures = replace(GOOD, eye_distance_pixels=pixels, brightness=light, sharpness=sharpness)
    passed = refuse(figures, replace(FRONTAL, yaw_degrees=yaw), limits) is None
    within = (
        pixels >= limits.min_eye_distance_pixels
        and limits.min_brightness <= light <= limits.max_brightness
        and sharpness >= limits.min_sharpness
        and abs(yaw) <= limits.max_yaw_degrees
    )
    assert passed == within


def test_a_real_face_blurred_darkened_and_cut_is_told_apart(face_of: FaceOf, photo: Photo) -> None:
    picture = photo("examples/obama-720p.jpg")
    face = face_of(picture)
    limits = QualitySettings()
    assert refuse(measure(picture, face), face.pose, limits) is None
    blurred = np.asarray(cv2.GaussianBlur(picture, (0, 0), 8), np.uint8)
    dark = (picture * 0.15).astype(np.uint8)
    glare = np.maximum(picture, 235)
    for changed, gate in (
        (blurred, Gate.BLURRED),
        (dark, Gate.TOO_DARK),
        (glare, Gate.TOO_BRIGHT),
    ):
        refusal = refuse(measure(changed, face), face.pose, limits)
        assert refusal is not None
        assert refusal.gate is gate
    half_picture = photo("tests/test_images/obama_partial_face.jpg")
    half = face_of(half_picture)
    refusal = refuse(measure(half_picture, half), half.pose, limits)
    assert refusal is not None
    assert refusal.gate is Gate.CUT_OFF


def test_sharpness_means_the_same_at_every_distance(face_of: FaceOf, photo: Photo) -> None:
    near, far = photo("examples/obama-1080p.jpg"), photo("examples/obama-720p.jpg")
    first, second = measure(near, face_of(near)), measure(far, face_of(far))
    assert 0.6 < first.sharpness / second.sharpness < 1.7
