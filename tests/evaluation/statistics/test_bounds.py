"""How sure a rate is: textbook values, and coverage by simulation."""

from __future__ import annotations

import numpy as np
import pytest

from edgeverify.errors import EvaluationError
from edgeverify.evaluation.images.all_scores import AllScores, Faces, compare_all_images
from edgeverify.evaluation.statistics.bounds import (
    bootstrap,
    clopper_pearson,
    is_supported,
    rule_of_three,
)


def test_no_error_in_55_tries_is_a_bound_of_five_and_a_half_percent_one_sided() -> None:
    assert rule_of_three(55) == pytest.approx(0.053, abs=0.001)


def test_clopper_pearson_against_the_textbook() -> None:
    rate = clopper_pearson(2, 20)
    assert (rate.lower, rate.upper) == (
        pytest.approx(0.0123, abs=1e-4),
        pytest.approx(0.3170, abs=1e-4),
    )


def test_one_in_ten_thousand_needs_thirty_thousand_comparisons() -> None:
    assert not is_supported(1e-4, 29_000)
    assert is_supported(1e-4, 30_000)


def test_a_rate_of_no_trial_is_an_error() -> None:
    with pytest.raises(EvaluationError):
        clopper_pearson(0, 0)
    with pytest.raises(EvaluationError):
        rule_of_three(0)


def test_clopper_pearson_covers_at_least_95_percent() -> None:
    generator = np.random.default_rng(3)
    truth, hits, rounds = 0.03, 0, 2000
    for errors in generator.binomial(200, truth, rounds):
        rate = clopper_pearson(int(errors), 200)
        hits += rate.lower <= truth <= rate.upper
    assert hits / rounds >= 0.95


def _two_images_each(people: int, generator: np.random.Generator) -> AllScores:
    """People whose images differ from each other by an amount of their own."""
    identity = generator.normal(0, 1, (people, 8))
    spread = generator.uniform(0.2, 1.2, (people, 1, 1))
    images = (identity[:, None] + spread * generator.normal(0, 1, (people, 4, 8))).reshape(-1, 8)
    images /= np.linalg.norm(images, axis=1, keepdims=True)
    everyone = np.ones(people * 4, np.bool_)
    return compare_all_images(
        Faces(
            values=images.astype(np.float32),
            references=images.astype(np.float32),
            person=np.repeat(np.arange(people), 4),
            people=people,
            is_reference=everyone,
            is_probe=everyone,
        )
    )


@pytest.mark.slow
def test_the_bootstrap_over_people_covers_the_truth_where_one_over_pairs_would_not() -> None:
    generator = np.random.default_rng(11)
    truth = _two_images_each(2000, np.random.default_rng(5))
    fnmr_truth = float(np.mean(truth.mated < 0.6))
    covered, rounds = 0, 120
    for _ in range(rounds):
        sample = _two_images_each(60, generator)
        rate = bootstrap(sample, 0.6, generator=generator, draws=300).fnmr
        covered += rate.lower <= fnmr_truth <= rate.upper
    assert covered / rounds >= 0.88


def test_a_side_without_errors_gets_the_rule_of_three_over_people() -> None:
    generator = np.random.default_rng(1)
    scores = _two_images_each(30, generator)
    bounds = bootstrap(scores, -1.0, generator=generator, draws=50)
    assert bounds.fnmr.errors == 0
    assert bounds.fnmr.upper == pytest.approx(rule_of_three(30))


def test_all_against_all_counts_every_pair_once() -> None:
    scores = _two_images_each(5, np.random.default_rng(2))
    assert len(scores.mated) == 5 * 6
    assert len(scores.non_mated) == 20 * 19 // 2 - 30
