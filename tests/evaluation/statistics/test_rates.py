"""FMR, FNMR, curves: against hand-worked numbers and against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from edgeverify.errors import EvaluationError
from edgeverify.evaluation.statistics.rates import (
    accuracy,
    best_accuracy_threshold,
    curve,
    fnmr,
    threshold_at_fmr,
)
from edgeverify.evaluation.statistics.scores import Scores

MATED = np.array([0.9, 0.8, 0.7, 0.4])
NON_MATED = np.array([0.1, 0.2, 0.3, 0.5, 0.6])


def fmr(non_mated: Scores, threshold: float) -> float:
    """The false match rate by its definition: a score at the threshold matches."""
    return float((non_mated >= threshold).mean())


def test_a_score_at_the_threshold_matches() -> None:
    assert curve(MATED, NON_MATED).fmr[curve(MATED, NON_MATED).thresholds == 0.5] == [2 / 5]
    assert fnmr(MATED, 0.7) == pytest.approx(1 / 4)


def test_a_rate_of_nothing_is_an_error_not_a_zero() -> None:
    with pytest.raises(EvaluationError):
        fnmr(np.array([]), 0.5)


def test_the_threshold_for_one_in_five_rejects_all_but_the_highest() -> None:
    threshold = threshold_at_fmr(NON_MATED, 0.2)
    assert 0.5 < threshold <= 0.6
    assert fmr(NON_MATED, threshold) == pytest.approx(0.2)


def test_ties_at_the_threshold_are_rejected_together() -> None:
    assert (
        fmr(np.array([0.5, 0.5, 0.5, 0.1]), threshold_at_fmr(np.array([0.5] * 3 + [0.1]), 0.5)) == 0
    )


@given(
    scores=st.lists(st.floats(-1, 1), min_size=1, max_size=200),
    rate=st.floats(0, 1),
)
def test_the_measured_rate_never_exceeds_the_stated_one(scores: list[float], rate: float) -> None:
    array = np.array(scores)
    assert fmr(array, threshold_at_fmr(array, rate)) <= rate + 1e-9


def test_eer_and_auc_of_a_hand_worked_case() -> None:
    found = curve(MATED, NON_MATED)
    # Of 20 pairs (mated, non-mated) the mated score is higher in 18.
    assert found.auc == pytest.approx(18 / 20)
    assert 0.2 <= found.eer <= 0.25


def test_auc_agrees_with_scikit_learn_on_noise() -> None:
    generator = np.random.default_rng(7)
    mated, non_mated = generator.normal(1, 1, 500), generator.normal(0, 1, 700)
    expected = roc_auc_score(np.r_[np.ones(500), np.zeros(700)], np.r_[mated, non_mated])
    assert curve(mated, non_mated).auc == pytest.approx(expected, abs=1e-12)


def test_an_undetected_face_is_a_non_match_at_every_threshold() -> None:
    mated = np.array([0.9, -np.inf])
    assert curve(mated, NON_MATED).fnmr.min() == pytest.approx(0.5)
    assert fnmr(mated, -1.0) == pytest.approx(0.5)


def test_the_best_threshold_lies_in_the_widest_honest_gap() -> None:
    threshold = best_accuracy_threshold(MATED, NON_MATED)
    assert 0.6 < threshold <= 0.7
    assert accuracy(MATED, NON_MATED, threshold) == pytest.approx(8 / 9)
