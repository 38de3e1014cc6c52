"""LFW's own measure, worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from edgeverify.errors import EvaluationError
from edgeverify.evaluation.images.folds import PairScores, fold_accuracy

TWO_FOLDS = PairScores(
    scores=np.array([0.9, 0.8, 0.2, 0.1, 0.9, 0.05, 0.6, 0.1]),
    is_mated=np.array([True, True, False, False, True, True, False, False]),
    fold=np.array([0, 0, 0, 0, 1, 1, 1, 1]),
)


def test_each_fold_is_judged_at_the_threshold_of_the_others() -> None:
    found = fold_accuracy(TWO_FOLDS)
    assert found is not None
    # Fold 0's own gap is 0.2 to 0.8, so fold 1 is judged at 0.5: 0.9 and 0.1 are right.
    # Fold 1 is best at 0.75 (3 of 4 right), where all of fold 0 is right.
    assert found.folds == (1.0, 0.5)
    assert found.mean == pytest.approx(0.75)
    assert found.standard_error == pytest.approx(0.25)


def test_a_face_that_was_not_found_is_an_error_whatever_the_pair_shows() -> None:
    lost = PairScores(
        scores=np.array([0.9, -np.inf, 0.1, -np.inf]),
        is_mated=np.array([True, True, False, False]),
        fold=np.zeros(4, np.int64),
    )
    assert lost.threshold() == pytest.approx(0.5)
    assert lost.accuracy(0.5) == 0.5


def test_one_fold_has_no_accuracy_over_folds() -> None:
    assert fold_accuracy(TWO_FOLDS.of_folds([1])) is None


def test_an_accuracy_over_nothing_is_an_error() -> None:
    with pytest.raises(EvaluationError):
        TWO_FOLDS.of_folds([5]).accuracy(0.5)
