"""What the detector's network answers becomes faces as MediaPipe's calculators make them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edgeverify.vision.decoding import ANCHORS, INPUT, VALUES, decode
from edgeverify.vision.detector import Letterbox

Floats = NDArray[np.float32]
NOBODY = -20.0


def answer(*faces: tuple[int, float, tuple[float, ...]]) -> tuple[Floats, Floats]:
    """The network's answer with (anchor, logit, offset and size in pixels of its square)."""
    boxes = np.zeros((ANCHORS, VALUES), np.float32)
    logits = np.full(ANCHORS, NOBODY, np.float32)
    for anchor, logit, place in faces:
        boxes[anchor, : len(place)] = place
        logits[anchor] = logit
    return boxes, logits


def test_an_empty_room_has_nobody() -> None:
    assert decode(*answer(), 0.5) == []


def test_a_box_lies_around_its_anchors_middle() -> None:
    """Anchor 48 is the first of the second row: its middle is at 2 and 6 pixels."""
    (face,) = decode(*answer((48, 3.0, (10, 20, 40, 60))), 0.5)
    assert face.box * INPUT == pytest.approx([12 - 20, 26 - 30, 12 + 20, 26 + 30])
    assert face.points * INPUT == pytest.approx(np.tile([2, 6], (6, 1)))
    assert face.score == pytest.approx(1 / (1 + math.exp(-3)))


def test_two_answers_for_one_face_are_averaged_by_score() -> None:
    near, far = (50, 2.0, (0.0, 0.0, 40.0, 40.0)), (50 + 1, -1.0, (0.0, 0.0, 40.0, 40.0))
    (face,) = decode(*answer(far, near), 0.2)
    weights = [1 / (1 + math.exp(-2)), 1 / (1 + math.exp(1))]
    middle = (10 * weights[0] + 14 * weights[1]) / sum(weights)
    assert face.box[0] * INPUT == pytest.approx(middle - 20, abs=1e-4)
    assert face.score == pytest.approx(weights[0]), "the best score, not the mean"


def test_two_people_stay_two_the_likelier_first() -> None:
    found = decode(*answer((0, 1.0, (0, 0, 30, 30)), (40, 2.0, (0, 0, 30, 30))), 0.5)
    assert [face.score > 0.8 for face in found] == [True, False]


@pytest.mark.parametrize(
    "place", [(0, 0, -1, 5), (0, 0, 5, -1), (math.nan, 0, 5, 5), (0, 0, math.inf, 5)]
)
def test_what_is_no_box_is_left_out(place: tuple[float, ...]) -> None:
    assert decode(*answer((7, 5.0, place)), 0.5) == []


def test_a_score_that_is_no_number_is_no_face() -> None:
    assert decode(*answer((7, math.nan, (0, 0, 9, 9))), 0.5) == []


def test_a_box_of_no_size_is_one_face_and_ends() -> None:
    assert len(decode(*answer((7, 5.0, (0, 0, 0, 0)), (8, 5.0, (0, 0, 0, 0))), 0.5)) == 2


@given(score=st.floats(0.01, 0.99), limit=st.floats(0.01, 0.99))
def test_the_limit_is_a_score(score: float, limit: float) -> None:
    if abs(score - limit) < 1e-4:
        return
    logit = math.log(score / (1 - score))
    assert len(decode(*answer((3, logit, (0, 0, 9, 9))), limit)) == (score > limit)


@given(height=st.integers(192, 700), width=st.integers(192, 700), value=st.integers(0, 255))
def test_a_letterbox_holds_the_whole_picture_and_black_around_it(
    height: int, width: int, value: int
) -> None:
    box = Letterbox()
    box.fill(np.full((height, width, 3), value, np.uint8))
    square = box.batch[0]
    assert square.min() >= -1
    assert square.max() == pytest.approx(value / 127.5 - 1, abs=0.01)
    left, top = round(box.left / box.side * INPUT), round(box.top / box.side * INPUT)
    assert (square[: max(0, top - 2)] == -1).all()
    assert (square[:, : max(0, left - 2)] == -1).all()


def test_a_letterbox_forgets_the_picture_before() -> None:
    box = Letterbox()
    box.fill(np.full((720, 1280, 3), 255, np.uint8))
    box.fill(np.full((640, 480, 3), 100, np.uint8))
    again = Letterbox()
    again.fill(np.full((640, 480, 3), 100, np.uint8))
    np.testing.assert_array_equal(box.batch, again.batch)
