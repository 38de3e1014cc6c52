"""One face must be clearly nearest; nobody is picked from a crowd."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeverify.domain import FaceBox, Gate, Refusal
from edgeverify.vision.dominance import FaceSelection, dominant, select


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
