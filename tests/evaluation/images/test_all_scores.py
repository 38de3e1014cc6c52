"""All against all, against counting by hand, one pair at a time."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score, roc_curve

from edgeverify.errors import EvaluationError
from edgeverify.evaluation.images.all_scores import Faces, compare_all_images, float32_up
from edgeverify.evaluation.images.figures import (
    auc,
    confusion,
    false_matches,
    figures,
    sampled_curve,
    threshold_at,
)
from edgeverify.evaluation.statistics.bounds import bootstrap
from tests.evaluation.crowds import crowd, faces


def _by_hand(people: Faces) -> tuple[list[float], list[float]]:
    mated, non_mated = [], []
    for i, j in combinations(range(len(people.person)), 2):
        made = people.is_reference[i] and people.is_probe[j]
        score = float(people.values[i] @ people.values[j])
        if people.person[i] == people.person[j]:
            mated.append(score if made else -np.inf)
        elif made:
            non_mated.append(score)
    return sorted(mated), sorted(non_mated)


@pytest.mark.parametrize("counts", [(1, 1), (3, 2, 4), (1, 5, 1, 2), (700, 900)])
def test_every_pair_is_compared_once(counts: tuple[int, ...]) -> None:
    people = crowd(counts)
    scores = compare_all_images(people)
    count = sum(counts)
    mated = sum(c * (c - 1) // 2 for c in counts)
    assert len(scores.mated) == mated
    assert len(scores.ascending) == count * (count - 1) // 2 - mated
    if count < 50:
        expected_mated, expected = _by_hand(people)
        np.testing.assert_allclose(np.sort(scores.mated), expected_mated, atol=1e-6)
        np.testing.assert_allclose(scores.ascending, expected, atol=1e-6)


def test_a_refused_image_is_a_non_match_and_no_evidence_for_a_threshold() -> None:
    people = crowd((3, 2, 4), seed=4)
    probe, reference = people.is_probe.copy(), people.is_reference.copy()
    probe[[1, 4, 8]] = False
    reference[[0, 5]] = False
    gated = replace(people, is_probe=probe, is_reference=reference)
    scores = compare_all_images(gated)
    expected_mated, expected = _by_hand(gated)
    np.testing.assert_allclose(np.sort(scores.mated), expected_mated, atol=1e-6)
    np.testing.assert_allclose(scores.ascending, expected, atol=1e-6)
    assert np.isneginf(scores.mated).sum() > 0


def test_people_are_counted_in_pairs_that_were_really_compared() -> None:
    people = crowd((3, 2, 4), seed=4)
    assert compare_all_images(people).pairs_of_people == 3
    nobody_probes_last = replace(people, is_probe=people.person != 2)
    assert compare_all_images(nobody_probes_last).pairs_of_people == 1


def test_drawing_people_counts_their_comparisons_as_often() -> None:
    people = crowd((2, 3, 1, 4), seed=9)
    scores = compare_all_images(people)
    weights = np.array([[1, 1, 1, 1], [2, 0, 1, 3], [0, 0, 4, 0]], np.float64)
    by_hand = []
    for drawn in weights:
        pairs = combinations(people.person, 2)
        by_hand.append(sum(drawn[a] * drawn[b] for a, b in pairs if a != b))
    np.testing.assert_allclose(scores.tried(weights), by_hand)


def test_false_matches_name_the_two_people_at_any_threshold() -> None:
    people = crowd((4, 5, 6), seed=3, spread=1.5)
    scores = compare_all_images(people)
    for threshold in (-1.0, 0.0, 0.3, float(scores.ascending[-2]), 2.0):
        left, right = scores.alarms(threshold)
        assert len(left) == false_matches(scores, threshold)
        assert (left != right).all()
        again = [
            (people.person[i], people.person[j])
            for i, j in combinations(range(15), 2)
            if people.person[i] != people.person[j]
            and np.float32(people.values[i] @ people.values[j]) >= float32_up(threshold)
        ]
        assert abs(len(again) - len(left)) <= 1  # the last bit of a float32 product


def test_distances_count_as_minus_distances() -> None:
    people = replace(crowd((2, 2), seed=2), metric="euclidean")
    scores = compare_all_images(people)
    expected = sorted(
        -float(np.linalg.norm(people.values[i] - people.values[j])) for i in (0, 1) for j in (2, 3)
    )
    np.testing.assert_allclose(scores.ascending, expected, atol=1e-5)


def test_figures_agree_with_scikit_learn() -> None:
    people = crowd((6,) * 30, seed=7, spread=1.2)
    scores = compare_all_images(people)
    labels = np.r_[np.ones(len(scores.mated)), np.zeros(len(scores.ascending))]
    values = np.r_[scores.mated.astype(np.float32), scores.ascending]
    assert auc(scores) == pytest.approx(roc_auc_score(labels, values), abs=1e-9)
    fpr, tpr, _ = roc_curve(labels, values)
    crossing = np.argmin(np.abs(fpr - (1 - tpr)))
    assert sampled_curve(scores).eer == pytest.approx(float(fpr[crossing]), abs=0.01)


def test_the_threshold_for_a_rate_rejects_ties_and_is_kept_in_float32() -> None:
    people = crowd((6,) * 20, seed=7, spread=1.2)
    scores = compare_all_images(people)
    for rate in (0.5, 0.1, 1e-2, 1e-3, 0.0):
        threshold = threshold_at(scores, rate)
        assert false_matches(scores, threshold) <= rate * len(scores.ascending)
        assert false_matches(scores, float(np.nextafter(np.float32(threshold), np.float32(-2)))) > (
            rate * len(scores.ascending) - 1e-9
        )


def test_counts_at_a_threshold_add_up() -> None:
    people = crowd((3, 3, 3), seed=5, spread=1.0)
    probe = people.is_probe.copy()
    probe[2] = False
    scores = compare_all_images(replace(people, is_probe=probe))
    table = confusion(scores, 0.4)
    assert table.not_compared == 2  # image 2 is the probe of images 0 and 1
    total = table.matches_of_mated + table.non_matches_of_mated + table.not_compared
    assert total == len(scores.mated) == 9
    assert table.matches_of_non_mated == int((scores.ascending >= np.float32(0.4)).sum())


def test_rates_that_the_people_cannot_carry_are_not_supported() -> None:
    found = figures(
        compare_all_images(crowd((4,) * 30)), threshold=0.5, generator=np.random.default_rng(1)
    )
    # 435 pairs of people, whatever their 6,960 comparisons: 3 / 435 is more than 1e-3.
    assert found.pairs_of_people == 435
    assert [row.is_supported for row in found.rows] == [True, False, False, False]


def test_nothing_to_compare_is_an_error() -> None:
    alone = compare_all_images(faces(np.eye(3), np.zeros(3, np.int64)))
    with pytest.raises(EvaluationError, match="no non-mated"):
        figures(alone, threshold=None, generator=np.random.default_rng(1))
    strangers = compare_all_images(faces(np.eye(3), np.arange(3)))
    with pytest.raises(EvaluationError, match="no mated"):
        figures(strangers, threshold=None, generator=np.random.default_rng(1))


@pytest.mark.slow
def test_the_interval_of_the_fmr_covers_the_truth_over_people() -> None:
    """Drawing people, not comparisons: 95 % is meant, and 88 % is asked of 100 rounds."""
    large = compare_all_images(crowd((4,) * 900, seed=100, spread=0.6))
    threshold = threshold_at(large, 0.02)
    truth = false_matches(large, threshold) / len(large.ascending)
    generator = np.random.default_rng(8)
    covered = 0
    for seed in range(100):
        sample = compare_all_images(crowd((4,) * 60, seed=seed, spread=0.6))
        rate = bootstrap(sample, threshold, generator=generator, draws=300).fmr
        covered += rate.lower <= truth <= rate.upper
    assert covered >= 88
