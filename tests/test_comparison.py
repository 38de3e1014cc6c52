"""Scores: higher is more similar, and only within one embedding space."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from edgeverify.comparison import Metric, ReferenceMatrix, compare_all, fuse, normalised, score
from edgeverify.domain import Embedding, OperatingPoint, Reference
from edgeverify.errors import ReferenceUnusableError

SPACE = "a" * 64
VALUES = arrays(np.float32, 8, elements=st.floats(-10, 10, width=32)).filter(
    lambda values: float(np.linalg.norm(values)) > 0.1
)


def embedding(*values: float, space: str = SPACE) -> Embedding:
    return Embedding(values=np.array(values, np.float32), embedding_space=space)


def reference(card: str, *values: float, space: str = SPACE) -> Reference:
    return Reference(card=card, name=card, embedding=embedding(*values, space=space), photo_count=1)


def test_the_cosine_ignores_length_and_the_distance_does_not() -> None:
    assert score(embedding(1, 0), embedding(5, 0)) == pytest.approx(1)
    assert score(embedding(1, 0), embedding(0, 3)) == pytest.approx(0)
    assert score(embedding(1, 0), embedding(5, 0), "euclidean") == pytest.approx(-4)


@given(probe=VALUES, other=VALUES)
def test_both_metrics_are_symmetric_and_best_with_oneself(
    probe: np.ndarray, other: np.ndarray
) -> None:
    a, b = embedding(*probe), embedding(*other)
    for metric in ("cosine", "euclidean"):
        assert score(a, b, metric) == pytest.approx(score(b, a, metric), abs=1e-5)
        assert score(a, a, metric) >= score(a, b, metric) - 1e-5


def test_another_models_embedding_is_never_compared() -> None:
    stranger = embedding(1, 0, space="b" * 64)
    with pytest.raises(ReferenceUnusableError, match="another model"):
        score(embedding(1, 0), stranger)
    with pytest.raises(ReferenceUnusableError, match="another model"):
        fuse([embedding(1, 0), stranger])
    with pytest.raises(ReferenceUnusableError, match="another model"):
        ReferenceMatrix.of([reference("1", 1, 0), reference("2", 1, 0, space="b" * 64)])
    with pytest.raises(ReferenceUnusableError, match="another model"):
        compare_all(stranger, ReferenceMatrix.of([reference("1", 1, 0)]), threshold=0.5)


def test_lengths_that_differ_are_refused() -> None:
    with pytest.raises(ReferenceUnusableError, match="2 values cannot be compared with one of 3"):
        score(embedding(1, 0), embedding(1, 0, 0))


def test_every_photo_has_one_vote_in_a_fused_reference() -> None:
    fused = fuse([embedding(100, 0), embedding(0, 1)])
    np.testing.assert_allclose(normalised(fused.values), np.full(2, np.sqrt(0.5)), rtol=1e-6)
    assert np.linalg.norm(fused.values) == pytest.approx(50.5)  # their mean length
    unit = fuse([embedding(1, 0), embedding(0.6, 0.8), embedding(0, 1)])
    assert np.linalg.norm(unit.values) == pytest.approx(1)
    with pytest.raises(ValueError, match="nothing"):
        fuse([])


METRICS: tuple[Metric, ...] = ("cosine", "euclidean")


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("normalise", [True, False])
@given(photo=VALUES, other=VALUES, count=st.integers(1, 6))
def test_a_probe_like_the_photos_scores_as_the_metrics_best(
    metric: Metric,
    normalise: bool,  # noqa: FBT001 - pytest's parameter
    photo: np.ndarray,
    other: np.ndarray,
    count: int,
) -> None:
    raw = (photo, other)
    one, stranger = (embedding(*(normalised(each) if normalise else each)) for each in raw)
    enrolled = Reference(card="1", name="1", embedding=fuse([one] * count), photo_count=count)
    best = {"cosine": 1.0, "euclidean": 0.0}[metric]
    assert score(one, enrolled.embedding, metric) == pytest.approx(best, abs=1e-4)
    assert score(stranger, enrolled.embedding, metric) <= best + 1e-4
    # What the door compares with, as well as what is scored one by one.
    compared = compare_all(one, ReferenceMatrix.of([enrolled], metric), threshold=best - 1e-3)
    assert compared.is_match


@pytest.mark.parametrize("metric", METRICS)
@given(photos=st.lists(VALUES, min_size=2, max_size=6))
def test_photos_in_any_order_make_the_same_reference(
    metric: Metric, photos: list[np.ndarray]
) -> None:
    there, back = (fuse([embedding(*each) for each in way]) for way in (photos, photos[::-1]))
    probe = embedding(*photos[0])
    assert score(probe, there, metric) == pytest.approx(score(probe, back, metric), abs=1e-3)


def test_a_door_of_raw_distances_admits_somebody_with_two_photos() -> None:
    # As it was found: [3, 4] against two photos of just that scored -4, the reference's length 1.
    photo = embedding(3, 4)
    assert score(photo, fuse([photo, photo]), "euclidean") == pytest.approx(0, abs=1e-6)
    assert score(embedding(3.1, 4), fuse([photo, embedding(3.2, 4)]), "euclidean") > -0.1


def test_walk_up_takes_the_best_and_says_when_two_fit() -> None:
    people = ReferenceMatrix.of([reference("A", 1, 0), reference("B", 0, 1), reference("C", -1, 0)])
    clear = compare_all(embedding(0.1, 1), people, threshold=0.9)
    assert (clear.card, clear.is_match, clear.is_ambiguous) == ("B", True, False)
    between = compare_all(embedding(1, 1), people, threshold=0.7)
    assert between.is_ambiguous
    assert not between.is_match
    nobody = compare_all(embedding(1, -1), people, threshold=0.99)
    assert not nobody.is_match
    assert not nobody.is_ambiguous


def test_a_zero_reference_matches_nobody() -> None:
    matrix = ReferenceMatrix.of([reference("A", 0, 0)])
    assert not compare_all(embedding(1, 0), matrix, threshold=0.1).is_match


def test_a_comparison_with_nobody_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least one"):
        ReferenceMatrix.of([])


@given(rows=st.lists(VALUES, min_size=1, max_size=5), probe=VALUES)
def test_one_matrix_product_gives_what_pairs_give(
    rows: list[np.ndarray], probe: np.ndarray
) -> None:
    people = [reference(str(number), *row) for number, row in enumerate(rows)]
    for metric in ("cosine", "euclidean"):
        best = compare_all(embedding(*probe), ReferenceMatrix.of(people, metric), threshold=2.0)
        pairs = [score(embedding(*probe), person.embedding, metric) for person in people]
        assert best.score == pytest.approx(max(pairs), abs=1e-4)


@given(values=VALUES)
def test_normalised_has_length_one(values: np.ndarray) -> None:
    assert float(np.linalg.norm(normalised(values))) == pytest.approx(1, abs=1e-5)


def test_each_reference_is_held_to_its_own_threshold() -> None:
    people = ReferenceMatrix.of([reference("one photo", 1, 0), reference("five photos", 0, 1)])
    both = embedding(1, 1)  # 0.707 to either
    nearest = compare_all(both, people, threshold=[0.70, 0.72])
    assert (nearest.card, nearest.threshold, nearest.is_match) == ("one photo", 0.70, True)
    assert not nearest.is_ambiguous
    assert compare_all(both, people, threshold=[0.70, 0.70]).is_ambiguous
    assert not compare_all(both, people, threshold=[0.72, 0.71]).is_match


def test_several_photos_are_held_to_what_was_measured_on_as_many_or_more() -> None:
    point = OperatingPoint(
        threshold=0.5, max_fmr=1e-4, evidence="made up", for_photos=((2, 0.6), (5, 0.7))
    )
    asked = [point.threshold_for(photos) for photos in (0, 1, 2, 3, 5, 9)]
    assert asked == [0.5, 0.5, 0.6, 0.7, 0.7, 0.7]
    by_hand = OperatingPoint(threshold=0.5, max_fmr=None, evidence="written by hand")
    assert by_hand.threshold_for(5) == 0.5
