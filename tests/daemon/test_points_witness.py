"""A model's operating points that were edited to a looser threshold do not loosen the door."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from edgeverify.bundle.operating_points import OperatingPoints, hash_of_sets
from edgeverify.daemon.faults import FaultBoard
from edgeverify.daemon.points_witness import DIGITS, PointsWitness
from edgeverify.domain import FaultName, OperatingPoint
from edgeverify.journal import Journal
from tests.doors import NOON
from tests.runtime.tiny import point as measured

SPACE = "a" * 64
HELD = FaultName.THRESHOLD_HELD


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[PointsWitness]:
    journal = Journal.open(tmp_path / "journal.sqlite", now=NOON).journal
    yield PointsWitness(journal, bytes(32), FaultBoard())
    journal.close()


def _hold(witness: PointsWitness, threshold: float, accepted: str = "") -> OperatingPoint:
    """Start a door whose model asks for this threshold; what it is held to."""
    points = _points(threshold)
    chosen = OperatingPoint(
        threshold=threshold, max_fmr=1e-4, evidence="a test", for_photos=((2, threshold),)
    )
    return witness.hold_both((chosen, None), points, accepted=accepted)[0]


def _points(threshold: float) -> OperatingPoints:
    return OperatingPoints(embedding_space=SPACE, points=(measured(1e-4, threshold),))


def test_the_first_threshold_and_a_stricter_one_count(witness: PointsWitness) -> None:
    assert _hold(witness, 0.40).threshold == 0.40
    assert _hold(witness, 0.45).threshold == 0.45
    assert HELD not in witness.faults


@pytest.mark.parametrize("edited", [-1.0, 0.2, 0.399])
def test_a_looser_one_is_not_taken(witness: PointsWitness, edited: float) -> None:
    _hold(witness, 0.40)
    held = _hold(witness, edited)
    assert held.threshold == 0.40
    assert held.for_photos == ((2, 0.40),)
    assert HELD in witness.faults
    assert _hold(witness, edited).threshold == 0.40, "nor at the next start"
    assert _hold(witness, 0.40).threshold == 0.40
    assert HELD not in witness.faults, "restored"


def test_the_config_accepts_a_new_measurement_by_its_digits(witness: PointsWitness) -> None:
    _hold(witness, 0.40)
    name = hash_of_sets((_points(0.35),))[:DIGITS]
    _hold(witness, 0.35)
    (fault,) = witness.faults.snapshot()
    assert f"decision.accept_points: {name}" in fault.detail
    assert _hold(witness, 0.35, accepted=name).threshold == 0.35
    assert HELD not in witness.faults
    assert _hold(witness, 0.30, accepted=name).threshold == 0.35, "these digits, no others"


def test_a_remembered_threshold_of_another_master_key_is_none(witness: PointsWitness) -> None:
    _hold(witness, 0.40)
    other = PointsWitness(witness.journal, bytes(range(32)), FaultBoard())
    assert _hold(other, 0.30).threshold == 0.30


def test_a_threshold_by_hand_is_the_configs_own(witness: PointsWitness) -> None:
    by_hand = OperatingPoint(threshold=0.1, max_fmr=None, evidence="written by hand")
    assert witness.hold_both((by_hand, None), _points(0.4), accepted="")[0] == by_hand
