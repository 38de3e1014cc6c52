"""Many people with one face are one likeness: one line, not one for every two of them."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from edgeverify.domain import Embedding, OperatingPoint, Reference
from edgeverify.enrolment import look_alikes
from edgeverify.enrolment.likeness import LookAlike, lines_of
from edgeverify.enrolment.look_alikes import find_look_alikes


def people(count: int) -> list[Reference]:
    """People with one face between them."""
    values = np.eye(1, 64, dtype=np.float32)[0]
    face = Embedding(values=values, embedding_space="space")
    return [
        Reference(card=f"{n:03}", name=f"person {n}", embedding=face, photo_count=1)
        for n in range(count)
    ]


POINT = OperatingPoint(threshold=0.5, max_fmr=1e-4, evidence="made up")


def found_among(count: int) -> tuple[LookAlike, ...]:
    everybody = people(count)
    cards = [one.card for one in everybody]
    return find_look_alikes(everybody, {}, cards, point=POINT, metric="cosine")


def pair(one: str, other: str, *, is_same_photo: bool = False, enters: str = "both") -> LookAlike:
    cards = {"both": (one, other), "one": (one,), "none": ()}[enters]
    return LookAlike(
        card=one,
        name=one.upper(),
        other_card=other,
        other_name=other.upper(),
        is_same_photo=is_same_photo,
        enters_with=cards,
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
    assert first == (
        "card b (B) and card d (D) have the same photo: each could enter with the other's card, "
        "and no threshold tells a picture from itself: look who is on it, and give the other's "
        "card a photo of its owner"
    )
    assert second.startswith("card a (A), card c (C), card e (E) look alike: ")


def test_who_is_held_apart_is_not_said_to_come_in() -> None:
    open_, apart = lines_of([pair("a", "b", enters="none"), pair("c", "d")])
    assert open_.endswith("at this door's threshold each could enter with the other's card")
    assert apart == (
        "card a (A) and card b (B) look alike: each card is held to a threshold that the other's "
        "photo does not reach"
    )
    three = [pair(*both, enters="none") for both in combinations("abc", 2)]
    (line,) = lines_of(three)
    assert "each card is held to a threshold that no other's photo reaches (3 pairs)" in line


def test_a_likeness_that_opens_one_card_only_names_it() -> None:
    (line,) = lines_of([pair("a", "b", enters="one")])
    assert line.endswith("look alike: at this door's threshold B could enter with card a")


def test_one_name_on_both_cards_of_a_photo_is_one_person() -> None:
    both = replace(pair("a", "b", is_same_photo=True), other_name="A")
    assert both.line == (
        "card a (A) and card b (A) have the same photo: one person with both cards"
    )


def test_a_likeness_is_judged_by_the_thresholds_that_the_cards_are_held_to() -> None:
    """Several photos have a higher threshold than one, and so have cards that were tightened."""
    ann, bea = (replace(one, photo_count=3) for one in people(2))
    near = np.array([0.7, np.sqrt(1 - 0.49), *[0] * 62], dtype=np.float32)
    bea = replace(bea, embedding=Embedding(values=near, embedding_space="space"))

    def found(point: OperatingPoint) -> list[tuple[str, ...]]:
        pairs = find_look_alikes([ann, bea], {}, {ann.card}, point=point, metric="cosine")
        return [one.enters_with for one in pairs]

    assert found(POINT) == [(ann.card, bea.card)]
    assert found(replace(POINT, for_photos=((3, 0.8),))) == []
    assert found(replace(POINT, raised={bea.card: 0.75})) == [(ann.card,)]
    assert found(replace(POINT, raised={ann.card: 0.75, bea.card: 0.75})) == [()]


def test_those_between_whom_one_stands_are_one_likeness() -> None:
    (line,) = lines_of([pair("c", "d"), pair("a", "b"), pair("b", "c")])
    assert "card a (A), card b (B), card c (C), card d (D) look alike" in line
    assert "(3 pairs)" in line


def test_no_number_of_people_with_one_face_fills_the_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(look_alikes, "MOST_PAIRS", 100)
    assert len(found_among(60)) == 100
