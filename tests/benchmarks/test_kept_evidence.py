"""Evidence that is kept beside a threshold chooses it as the scores themselves did."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.shipped_points.evidence import STEP, KeptEvidence, Tail
from edgeverify.evaluation.images.calibration import Evidence, Group, threshold_for


def _evidence(seed: int) -> Evidence:
    """Twenty thousand scores of two people, and some of a group that is confused more often."""
    draw = np.random.default_rng(seed)
    strangers = draw.normal(0.05, 0.11, 20_000).astype(np.float32)
    alike = draw.normal(0.2, 0.12, 600).astype(np.float32)
    return Evidence(
        dataset="drawn",
        non_mated=np.sort(strangers),
        mated=np.append(draw.normal(0.6, 0.1, 300), -np.inf),
        people=300,
        pairs_of_people=44_850,
        groups=(Group(name="alike", non_mated=np.sort(alike), people=40, pairs_of_people=700),),
    )


@pytest.mark.parametrize("seed", range(6))
def test_the_same_threshold_is_chosen_with_the_same_counts(seed: int) -> None:
    evidence = _evidence(seed)
    kept = KeptEvidence.model_validate_json(KeptEvidence.of(evidence).model_dump_json())
    again = kept.evidence()
    for rate in (1e-3, 5e-4):
        threshold = threshold_for(evidence, rate)
        assert threshold is not None
        assert threshold_for(again, rate) == threshold
        assert kept.non_mated.at_least(threshold) == evidence.false_matches(threshold)
        assert again.fnmr(threshold) == evidence.fnmr(threshold)
    assert (again.people, again.pairs_of_people) == (300, 44_850)


def test_nothing_is_said_of_thresholds_below_what_was_kept() -> None:
    tail = Tail.of(np.array([0.1, 0.2, 0.30005, 0.9], np.float32), start=2000, stop=5000)
    assert tail.count == 4
    assert (tail.at_least(0.2), tail.at_least(0.3), tail.at_least(0.3001)) == (3, 2, 1)
    assert tail.scores[-1] == (5000, 1), "above every threshold"
    with pytest.raises(ValueError, match=r"kept from 0\.2000 on"):
        tail.at_least(0.2 - STEP)


def test_a_score_a_millionth_below_a_threshold_stands_on_it() -> None:
    """As `calibration.above` reads scores; so a count may be one too many there, never too few."""
    tail = Tail.of(np.array([0.2999995, 0.29999], np.float64), start=2000)
    assert tail.at_least(0.3) == 1
