"""Points that were made again on another machine: what may differ, and what may not."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.shipped_points.comparing import evidence_differs, moved, points_differ
from benchmarks.shipped_points.evidence import KeptEvidence, KeptFile
from edgeverify.evaluation.images.calibration import Evidence, Group
from tests.runtime.tiny import point


def _kept(*, noise: float = 0.0, shift: float = 0.0, people: int = 300, extra: int = 0) -> KeptFile:
    """Scores of a set of people, as another machine might find them."""
    draw, rounding = np.random.default_rng(4), np.random.default_rng(5)

    def rounded(values: np.ndarray) -> np.ndarray:
        moved_by = rounding.uniform(-noise, noise, len(values)) + shift
        return np.sort((values + moved_by).astype(np.float32))

    strangers = draw.normal(0.05, 0.11, 60_000 + extra)
    alike = draw.normal(0.2, 0.12, 2_000)
    evidence = Evidence(
        dataset="drawn",
        non_mated=rounded(strangers),
        mated=np.append(draw.normal(0.6, 0.1, 300) + shift, -np.inf),
        people=people,
        pairs_of_people=44_850,
        groups=(Group(name="alike", non_mated=rounded(alike), people=40, pairs_of_people=700),),
    )
    two = (KeptEvidence.of(evidence),) * 2
    return KeptFile(
        model="sface", embedding_space="ab" * 32, single=two, several={2: two}, mean=two
    )


def test_what_a_processor_rounds_otherwise_is_no_difference() -> None:
    kept, again = _kept(), _kept(noise=2e-6)
    assert kept != again, "the lists themselves are not equal"
    assert moved(kept.single[0].non_mated, again.single[0].non_mated) > 0
    assert list(evidence_differs(kept, again)) == []
    assert moved(kept.single[0].non_mated, kept.single[0].non_mated) == 0


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (_kept(shift=3e-4), "highest score is"),
        (_kept(people=299), "other people"),
        (_kept(extra=1), "60,001 comparisons, 60,000 are kept"),
        (_kept().model_copy(update={"embedding_space": "cd" * 32}), "another model is kept"),
        (_kept().model_copy(update={"several": {}}), "other numbers of photos"),
    ],
)
def test_scores_of_anything_else_are_a_difference(made: KeptFile, said: str) -> None:
    found = list(evidence_differs(_kept(), made))
    assert found
    assert said in found[0]


def test_a_group_that_moved_alone_is_named() -> None:
    kept, moved_group = _kept(), _kept(shift=3e-4).single[0].groups
    one = kept.single[0].model_copy(update={"groups": moved_group})
    made = kept.model_copy(update={"single": (one, kept.single[1])})
    (said,) = evidence_differs(kept, made)
    assert said.startswith("single, drawn: within alike: the ")


def test_a_threshold_may_stand_one_step_off_and_no_further() -> None:
    shipped = [point(1e-3, 0.4), point(1e-4, 0.4714)]
    near = [shipped[0], shipped[1].model_copy(update={"threshold": 0.4715, "false_matches": 4})]
    assert list(points_differ(shipped, near)) == []
    far = [shipped[0], shipped[1].model_copy(update={"threshold": 0.4716})]
    assert list(points_differ(shipped, far)) == [
        "0.0001 (single, 1 photo, elsewhere): threshold 0.4716, shipped 0.4714"
    ]
    other = [shipped[0], shipped[1].model_copy(update={"non_mated": 5})]
    assert "number of comparisons" in next(iter(points_differ(shipped, other)))
    assert list(points_differ(shipped, shipped[:1])) == ["2 points are shipped, and 1 were made"]
