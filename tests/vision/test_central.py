"""The person whom a benchmark's picture is of, when another face hides them from the detector."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edgeverify.domain import FaceBox, RgbImage
from edgeverify.vision.central import find_the_middle, holds_middle
from edgeverify.vision.contract import FaceDetector
from tests.vision.test_dominance import face

PICTURE: RgbImage = np.zeros((200, 300, 3), np.uint8)


class _Detector:
    """Finds what it was given, whatever it sees, and keeps the size of what it was shown."""

    def __init__(self, *found: FaceBox) -> None:
        self.found = found
        self.shown: list[tuple[int, ...]] = []

    def detect(self, rgb: RgbImage, *, twice: bool = True) -> tuple[FaceBox, ...]:
        assert twice
        self.shown.append(rgb.shape)
        return self.found

    def close(self) -> None:
        """Nothing to release."""


def test_a_face_in_the_middle_needs_no_second_look() -> None:
    detector = _Detector()
    boxes = (face(20, x=30), face(40, x=160))
    assert find_the_middle(detector, PICTURE, boxes) == boxes
    assert detector.shown == []


def test_a_picture_without_a_face_was_looked_at_twice_before() -> None:
    assert find_the_middle(_Detector(face(40)), PICTURE, ()) == ()


def test_what_the_second_look_finds_is_in_the_pictures_own_pixels() -> None:
    detector = _Detector(face(40, x=300, y=200))
    (found,) = find_the_middle(detector, PICTURE, (face(20, x=30),))
    assert detector.shown == [(400, 600, 3)]
    assert found == face(40, x=150, y=100)
    assert holds_middle(found, PICTURE)


def test_a_second_look_that_finds_nobody_in_the_middle_changes_nothing() -> None:
    beside = (face(20, x=30),)
    assert find_the_middle(_Detector(face(20, x=170, y=110)), PICTURE, beside) == beside


@pytest.mark.parametrize("name", ["Charles_Schumer_0002", "JJ_Redick_0002"])
def test_a_real_face_beside_another_is_found(
    name: str, testdata: Path, detector: FaceDetector
) -> None:
    person = name.rpartition("_")[0]
    picture = cv2.imread(str(testdata / f"lfw/lfw-deepfunneled/{person}/{name}.jpg"))
    rgb = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), dtype=np.uint8)
    boxes = detector.detect(rgb)
    assert len(boxes) == 1
    assert not holds_middle(boxes[0], rgb)
    assert any(holds_middle(box, rgb) for box in find_the_middle(detector, rgb, boxes))
