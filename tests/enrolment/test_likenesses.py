"""Many people with one face are one likeness: one line, not one for every two of them."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from edgeverify.domain import Embedding, Reference
from edgeverify.enrolment import look_alikes
from edgeverify.enrolment.look_alikes import LookAlike, find_look_alikes, lines_of


def people(count: int) -> list[Reference]:
    """People with one face between them."""
    values = np.eye(1, 64, dtype=np.float32)[0]
    face = Embedding(values=values, embedding_space="space")
    return [
        Reference(card=f"{n:03}", name=f"person {n}", embedding=face, photo_count=1)
        for n in range(count)
    ]


def found_among(count: int) -> tuple[LookAlike, ...]:
    everybody = people(count)
    cards = [one.card for one in everybody]
    return find_look_alikes(everybody, {}, cards, threshold=0.5, metric="cosine")


def pair(one: str, other: str, *, is_same_photo: bool = False) -> LookAlike:
    return LookAlike(
        card=one, name=one, other_card=other, other_name=other, is_same_photo=is_same_photo
    )


def test_fifty_people_with_one_face_are_one_line() -> None:
    found = found_among(50)
    assert len(found) == 50 * 49 // 2
    named = ", ".join(f"card {n:03} (person {n})" for n in range(5))
    assert lines_of(found) == (
        (
            f"{named} and 45 more look alike: at this door's threshold each could enter with "
            "another's card (1,225 pairs)"
        ),
    )


def test_two_likenesses_are_two_lines_and_a_pair_keeps_its_own() -> None:
    three = [pair(*both) for both in combinations(("a", "c", "e"), 2)]
    first, second = lines_of([*three, pair("b", "d", is_same_photo=True)])
    assert first.startswith("card a (a), card c (c), card e (e) look alike: ")
    assert second == (
        "card b (b) and card d (d) have the same photo: at this door's threshold each could enter "
        "with the other's card"
    )


def test_those_between_whom_one_stands_are_one_likeness() -> None:
    (line,) = lines_of([pair("c", "d"), pair("a", "b"), pair("b", "c")])
    assert "card a (a), card b (b), card c (c), card d (d) look alike" in line
    assert "(3 pairs)" in line


def test_no_number_of_people_with_one_face_fills_the_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(look_alikes, "MOST_PAIRS", 100)
    assert len(found_among(60)) == 100
