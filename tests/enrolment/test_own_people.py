"""A door with ten people or more knows how close they come, and keeps those apart who are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgeverify.comparison import Metric, ReferenceMatrix, compare_all
from edgeverify.domain import Embedding, OperatingPoint, Reference
from edgeverify.enrolment import OwnPeople, look_alikes, measure_own_people, own_people
from edgeverify.enrolment.likeness import lines_of
from edgeverify.enrolment.own_people import find_likenesses

SPACE = "ab" * 32
POINT = OperatingPoint(
    threshold=0.5,
    max_fmr=1e-4,
    evidence="made up",
    fnmr_by_threshold=((0.5, 0.02), (0.75, 0.06), (0.9, 0.2)),
)


def _crowd(count: int, size: int = 256) -> list[Reference]:
    """People who have nothing in common: no two score above 0.4."""
    values = np.random.default_rng(3).normal(0, 1, (count, size)).astype(np.float32)
    return [_person(f"{number:03}", row) for number, row in enumerate(values)]


def _person(card: str, values: np.ndarray) -> Reference:
    made = Embedding(
        values=(values / np.linalg.norm(values)).astype(np.float32), embedding_space=SPACE
    )
    return Reference(card=card, name=f"person {card}", embedding=made, photo_count=1)


def _sibling(card: str, of: Reference, likeness: float) -> Reference:
    """Somebody whose reference scores `likeness` with another's."""
    own = of.embedding.values.astype(np.float64)
    other = np.random.default_rng(5).normal(0, 1, own.shape)
    other -= own * (own @ other)
    other /= np.linalg.norm(other)
    return _person(card, likeness * own + np.sqrt(1 - likeness**2) * other)


def _measure(people: list[Reference], *, rule: own_people.Rule = "tighten", **more: object):  # noqa: ANN202
    settings: dict = {"digests": {}, "point": POINT, "metric": "cosine", **more}
    digests = settings.pop("digests")
    return measure_own_people(people, digests, rule=rule, **settings)


def test_siblings_at_a_door_are_counted_named_and_kept_apart() -> None:
    people = _crowd(18)
    people += [_sibling("300", people[4], 0.7), _sibling("301", people[9], 0.8)]
    found = _measure(people)
    assert (found.people, found.pairs, found.confused) == (20, 190, 2)
    assert found.line == (
        "2 of 190 pairs would be confused at this threshold; 4 cards are held to a higher one, "
        "so that none is"
    )
    # The closest first.
    assert found.details[0] == ("card 009 (person 009) and card 301 (person 301) look alike")
    assert set(found.raised) == {"004", "300", "009", "301"}
    held = replace(POINT, raised=found.raised)
    assert _measure(people, point=held).confused == 0
    for one in people:
        matrix = ReferenceMatrix.of([one])
        for other in people:
            compared = compare_all(other.embedding, matrix, threshold=[held.threshold_of(one)])
            assert compared.is_match is (other is one)


def test_nobody_else_pays_for_it() -> None:
    people = _crowd(18)
    people += [_sibling("300", people[4], 0.7)]
    held = replace(POINT, raised=_measure(people).raised)
    assert held.threshold_of(people[5]) == POINT.threshold
    assert held.threshold_of(people[4]) == pytest.approx(0.7, abs=2e-4)


def test_what_the_higher_threshold_costs_is_said_as_it_was_measured() -> None:
    people = _crowd(18)
    people += [_sibling("300", people[4], 0.7), _sibling("301", people[9], 0.95)]
    cost = _measure(people).cost
    assert (
        "card 004 (person 004) is held to a higher threshold: about 6.0 % of its owner's frames "
        "are refused instead of 2.0"
    ) in cost
    (beyond,) = [line for line in cost if "card 301" in line]
    assert beyond == (
        "card 301 (person 301) is held to a higher threshold than any that was measured: its "
        "owner may be refused in every frame (the strictest that was measured refuses 20.0 % "
        "instead of 2.0). Look whether one person is on both photos; where not, take photos on "
        "which they differ more"
    )
    unmeasured = replace(POINT, fnmr_by_threshold=())
    assert "was not measured" in _measure(people, point=unmeasured).cost[0]


def test_a_score_is_in_no_line() -> None:
    people = _crowd(18)
    people += [_sibling("300", people[4], 0.7123)]
    found = _measure(people)
    assert "0.71" not in " ".join((found.line, *found.details))


def test_warn_only_says_so_and_off_does_not_look() -> None:
    people = _crowd(18)
    people += [_sibling("300", people[4], 0.7)]
    warned = _measure(people, rule="warn")
    assert (warned.confused, dict(warned.raised)) == (1, {})
    assert "decision.own_people: warn" in warned.line
    assert _measure(people, rule="off") == OwnPeople(
        people=19, problem="not measured (decision.own_people: off)"
    )


def test_nine_people_are_too_few_and_a_town_is_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "fewer than 10" in _measure(_crowd(9)).line
    assert _measure(_crowd(10)).line == "0 of 45 pairs would be confused at this threshold"
    monkeypatch.setattr(own_people, "MOST_PEOPLE", 50)
    assert "more than 50" in _measure(_crowd(51)).line


def test_one_photo_on_two_cards_is_named_and_left() -> None:
    people = _crowd(18)
    people += [replace(people[4], card="300", name="the same")]
    found = _measure(people, digests={"004": {"aa"}, "300": {"aa"}, "005": {"bb"}})
    assert (found.confused, found.same_photo, dict(found.raised)) == (1, 1, {})
    assert "1 of them by the same photo on two cards" in found.line
    (line,) = found.one_photo
    assert "have the same photo: each could enter with the other's card" in line
    assert "look who is on it" in line
    assert found.details == (), "once is enough"


def test_one_photo_beside_a_pair_that_is_tightened_is_still_said() -> None:
    people = _crowd(18)
    people += [replace(people[4], card="300", name="the same"), _sibling("301", people[9], 0.8)]
    found = _measure(people, digests={"004": {"aa"}, "300": {"aa"}})
    assert set(found.raised) == {"009", "301"}
    assert len(found.one_photo) == 1
    assert found.line == (
        "2 of 190 pairs would be confused at this threshold, 1 of them by the same photo on two "
        "cards; 2 cards are held to a higher one, so that no other is"
    )


def test_one_photo_is_said_of_three_people_and_where_nothing_is_measured() -> None:
    people = _crowd(3)
    digests = {"000": {"aa"}, "002": {"aa"}}
    for rule in ("tighten", "off"):
        assert len(_measure(people, rule=rule, digests=digests).one_photo) == 1


def test_one_person_with_two_cards_has_one_name_and_is_no_mistake() -> None:
    people = _crowd(18)
    people += [replace(people[4], card="300")]
    found = _measure(people, digests={"004": {"aa"}, "300": {"aa"}})
    assert found.one_photo == ()
    assert "have the same photo" in found.details[0]


def _likenesses(people: list[Reference], **more: object) -> tuple[str, ...]:
    settings: dict = {"here": {one.card for one in people}, "rule": "tighten", **more}
    found = find_likenesses(
        people, {}, {one.card for one in people}, point=POINT, metric="cosine", **settings
    )
    return lines_of(found)


def test_what_enrolment_says_of_a_likeness_holds_after_the_door_has_tightened() -> None:
    people = _crowd(9)
    people += [_sibling("300", people[4], 0.7)]
    (line,) = _likenesses(people)
    assert line.endswith("each card is held to a threshold that the other's photo does not reach")
    for said in (_likenesses(people, rule="warn"), _likenesses(people[4:])):
        assert said[0].endswith("each could enter with the other's card")


def test_a_card_of_another_door_opens_nothing_here() -> None:
    """Its owner still comes close to a card of this one."""
    people = _crowd(9)
    people += [_sibling("300", people[4], 0.7)]
    here = {one.card for one in people}
    (line,) = _likenesses(people, here=here - {"300"})
    assert line.endswith("person 300 could enter with card 004")
    assert _likenesses(people, here=here - {"300", "004"}) == ()


def test_a_reference_of_several_photos_is_measured_at_the_threshold_that_it_is_held_to() -> None:
    people = _crowd(18)
    people[4] = replace(people[4], photo_count=3)
    people += [replace(_sibling("300", people[4], 0.55), photo_count=3)]
    assert _measure(people).confused == 1
    several = replace(POINT, for_photos=((2, 0.6), (3, 0.6)))
    assert _measure(people, point=several).confused == 0
    people[-1] = replace(people[-1], photo_count=1)
    one_way = _measure(people, point=several)
    # A frame of 004 would still match card 300, which has a single photo.
    assert (one_way.confused, set(one_way.raised)) == (1, {"300"})


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_blocks_find_what_a_whole_matrix_would(
    metric: Metric, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(look_alikes, "MOST_SCORES", 500)
    values = np.random.default_rng(1).normal(0, 1, (90, 8)).astype(np.float32)
    if metric == "cosine":
        values /= np.linalg.norm(values, axis=1, keepdims=True)
        whole = values @ values.T
        least = 0.5
    else:
        whole = -np.linalg.norm(values[:, None] - values[None], axis=2)
        least = -2.0
    expected = {(i, j) for i, j in np.argwhere(whole >= least).tolist() if i < j}
    found = [
        pair
        for rows, columns, _ in look_alikes.score_blocks(values, metric, least=least)
        for pair in zip(rows.tolist(), columns.tolist(), strict=True)
    ]
    assert len(found) == len(expected) > 10
    assert set(found) == expected
