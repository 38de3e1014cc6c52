"""One face must be clearly nearest; nobody is picked from a crowd."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeverify.domain import FaceBox, Gate, Refusal, RgbImage
from edgeverify.vision.contract import FaceDetector
from edgeverify.vision.dominance import (
    FaceSelection,
    dominant,
    find_the_middle,
    holds_middle,
    select,
)


def face(eyes: float, x: float = 100, y: float = 100) -> FaceBox:
    return FaceBox(
        left=x - eyes,
        top=y - eyes,
        right=x + eyes,
        bottom=y + eyes,
        confidence=0.9,
        right_eye=(x - eyes / 2, y),
        left_eye=(x + eyes / 2, y),
    )


def test_alone_is_dominant() -> None:
    assert dominant([face(20)], 1.5) == face(20)


def test_somebody_far_behind_does_not_matter() -> None:
    assert dominant([face(40), face(90)], 1.5) == face(90)


def test_two_side_by_side_are_refused() -> None:
    refusal = dominant([face(90), face(80)], 1.5)
    assert isinstance(refusal, Refusal)
    assert refusal.gate is Gate.MULTIPLE_FACES
    assert refusal.measured == pytest.approx(90 / 80)
    assert refusal.limit == 1.5


def test_nobody_is_no_face_by_every_rule() -> None:
    for rule in FaceSelection:
        refusal = select([], rule, ratio=1.5, width=10, height=10)
        assert isinstance(refusal, Refusal)
        assert refusal.gate is Gate.NO_FACE


def test_a_benchmark_takes_the_central_face_even_where_another_is_larger() -> None:
    central, larger = face(30, 125, 125), face(60, 30, 30)
    pick = {
        rule: select([larger, central], rule, ratio=3, width=250, height=250)
        for rule in FaceSelection
    }
    assert pick[FaceSelection.CENTRAL] == central
    assert pick[FaceSelection.LARGEST] == larger
    assert isinstance(pick[FaceSelection.DOMINANT], Refusal)


@given(
    sizes=st.lists(st.floats(1, 500), min_size=1, max_size=6),
    ratio=st.floats(1, 10),
)
def test_who_dominates_does_not_depend_on_the_order(sizes: list[float], ratio: float) -> None:
    boxes = [face(size) for size in sizes]
    chosen = dominant(boxes, ratio)
    again = dominant(list(reversed(boxes)), ratio)
    assert isinstance(chosen, Refusal) == isinstance(again, Refusal)
    if isinstance(chosen, FaceBox):
        others = sorted(sizes)[:-1]
        assert all(chosen.eye_distance >= ratio * other * 0.999 for other in others)


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

    def look_nearer(
        self, rgb: RgbImage, found: tuple[FaceBox, ...], *, smallest: float
    ) -> tuple[FaceBox, ...]:
        raise AssertionError(f"no nearer face is asked for: {rgb.shape} {found} {smallest}")

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
