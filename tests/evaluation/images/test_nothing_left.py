"""Gates that refuse everything still leave something to say: whom they refused, and why."""

from __future__ import annotations

import pytest

from edgeverify.errors import EvaluationError
from edgeverify.evaluation.images.evaluation import NothingLeft, Question, evaluate_gated
from edgeverify.evaluation.images.lines import lines
from edgeverify.evaluation.images.view import Gates
from edgeverify.settings import EnrolmentSettings, QualitySettings
from tests.evaluation.crowds import album, seen

FAR = album(
    ("ann", seen("a", [1, 0], 20)),
    ("ann", seen("b", [1, 0], 20)),
    ("bob", seen("c", [0, 1], 20)),
)
ON = Gates.on(QualitySettings(), EnrolmentSettings())


def test_what_the_gates_refused_is_counted_though_nothing_is_left() -> None:
    question = Question(material=FAR, metric="cosine", threshold=0.5, gates=ON)
    found = evaluate_gated(question)
    assert isinstance(found, NothingLeft)
    assert (found.fta.count, found.fta.of) == (3, 3)
    said = list(lines("gates on", found))
    assert said[1].startswith("FTA 100.00% (3 of 3: too_far 3)")
    assert said[-1].startswith("nothing left to compare")


def test_nothing_to_compare_without_gates_is_an_error() -> None:
    nobody = album(("ann", seen("a", None)), ("bob", seen("b", None)))
    with pytest.raises(EvaluationError):
        evaluate_gated(Question(material=nobody, metric="cosine", threshold=0.5, gates=Gates.off()))
