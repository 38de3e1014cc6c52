"""A model's operating points that were edited to a looser threshold do not loosen the door."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from edgeverify.bundle.measured_point import MeasuredPoint
from edgeverify.bundle.operating_points import OperatingPoints, hash_of_sets
from edgeverify.bundle.threshold_choice import choose_operating_point
from edgeverify.daemon.faults import FaultBoard
from edgeverify.daemon.points_witness import DIGITS, PURPOSE, PointsWitness
from edgeverify.daemon.sealed_facts import SealedFacts
from edgeverify.domain import FaultName, OperatingPoint
from edgeverify.errors import ConfigError
from edgeverify.journal import Journal
from edgeverify.models.catalogue import shipped_operating_points, shipped_points_of
from edgeverify.settings import DecisionSettings
from tests.doors import NOON
from tests.runtime.tiny import point as measured

SPACE = "a" * 64
HELD = FaultName.THRESHOLD_HELD
RATE = 1e-4


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal.open(tmp_path / "journal.sqlite", now=NOON).journal
    yield journal
    journal.close()


@pytest.fixture
def witness(journal: Journal) -> PointsWitness:
    return _witness(journal)


def _witness(journal: Journal, key: bytes = bytes(32)) -> PointsWitness:
    return PointsWitness(SealedFacts(journal, key, PURPOSE), FaultBoard(), shipped_points_of)


def _start(
    witness: PointsWitness, points: OperatingPoints, *, rate: float = RATE, accepted: str = ""
) -> OperatingPoint:
    """Start a door whose bundle has these points; what it is held to."""
    settings = DecisionSettings(max_fmr=rate)
    return witness.hold_both(
        lambda found: (choose_operating_point(found, settings, bundle_name="ours"), None),
        points,
        accepted=accepted,
    )[0]


def _points(*measurements: MeasuredPoint) -> OperatingPoints:
    return OperatingPoints(embedding_space=SPACE, points=measurements)


def _at(threshold: float) -> OperatingPoints:
    two_photos = measured(RATE, threshold + 0.02).model_copy(update={"photos": 2})
    return _points(measured(RATE, threshold), measured(1e-3, threshold - 0.1), two_photos)


def test_what_the_door_was_set_up_with_and_what_is_stricter_count(witness: PointsWitness) -> None:
    assert _start(witness, _at(0.40)).threshold == 0.40
    assert _start(witness, _at(0.45)).threshold == 0.45
    assert HELD not in witness.faults


@pytest.mark.parametrize("edited", [-0.9, 0.2, 0.399])
def test_a_looser_one_is_not_taken(witness: PointsWitness, edited: float) -> None:
    _start(witness, _at(0.40))
    held = _start(witness, _at(edited))
    assert held.threshold == 0.40
    assert held.threshold_for(2) == pytest.approx(0.42)
    assert HELD in witness.faults
    assert _start(witness, _at(edited)).threshold == 0.40, "nor at the next start"
    assert _start(witness, _at(0.40)).threshold == 0.40
    assert HELD not in witness.faults, "restored"


def test_a_rate_that_was_never_used_before_is_held_too(witness: PointsWitness) -> None:
    _start(witness, _at(0.40))
    edited = _points(measured(RATE, 0.40), measured(1e-3, 0.1))
    assert _start(witness, edited, rate=1e-3).threshold == pytest.approx(0.30)
    assert HELD in witness.faults


def test_a_looser_threshold_of_two_photos_is_held_too(witness: PointsWitness) -> None:
    _start(witness, _at(0.40))
    assert _start(witness, _points(measured(RATE, 0.40))).threshold_for(2) == pytest.approx(0.42)
    assert HELD in witness.faults


def test_a_rate_that_only_the_changed_points_carry_is_refused(witness: PointsWitness) -> None:
    _start(witness, _at(0.40))
    added = _points(*_at(0.40).points, measured(1e-6, 0.41))
    with pytest.raises(ConfigError, match="not those that this door was set up with") as caught:
        _start(witness, added, rate=1e-6)
    digits = hash_of_sets((added,))[:DIGITS]
    assert caught.value.advice.endswith(f'decision.accept_points: "{digits}".')
    assert _start(witness, added, rate=1e-6, accepted=digits).threshold == 0.41


def test_a_network_of_this_release_is_held_to_it_from_the_first_start(
    witness: PointsWitness, journal: Journal
) -> None:
    shipped = shipped_operating_points("sface")
    assert shipped is not None
    (points,) = (one for one in shipped.sets if one.at_most(RATE, "single"))
    right = _start(witness, points)
    edited = points.model_copy(
        update={
            "points": tuple(
                one.model_copy(update={"threshold": one.threshold - 0.2}) for one in points.points
            )
        }
    )
    for held in (_start(witness, edited), _start(_witness(journal, b"other" * 8), edited)):
        assert held.threshold == right.threshold
        assert held.for_photos == right.for_photos
        assert held.for_camera == right.for_camera
    assert HELD in witness.faults


def test_the_config_accepts_a_new_measurement_by_its_digits(witness: PointsWitness) -> None:
    _start(witness, _at(0.40))
    name = hash_of_sets((_at(0.35),))[:DIGITS]
    _start(witness, _at(0.35))
    (fault,) = witness.faults.snapshot()
    assert f'decision.accept_points: "{name}"' in fault.detail
    assert _start(witness, _at(0.35), accepted=name).threshold == 0.35
    assert HELD not in witness.faults
    assert _start(witness, _at(0.30), accepted=name).threshold == 0.35, "these digits, no others"


def test_what_another_master_key_has_sealed_is_nothing(journal: Journal) -> None:
    _start(_witness(journal), _at(0.40))
    assert _start(_witness(journal, bytes(range(32))), _at(0.30)).threshold == 0.30


def test_a_threshold_by_hand_is_the_configs_own(witness: PointsWitness) -> None:
    by_hand = OperatingPoint(threshold=0.1, max_fmr=None, evidence="written by hand")
    assert witness.hold_both(lambda _: (by_hand, None), _at(0.4), accepted="")[0] == by_hand


def test_the_liveness_networks_threshold_is_held(witness: PointsWitness) -> None:
    assert witness.hold_pad(0.5, SPACE) == 0.5
    assert witness.hold_pad(0.6, SPACE) == 0.6
    assert HELD not in witness.faults
    assert witness.hold_pad(0.01, SPACE) == 0.5
    assert HELD in witness.faults
    assert witness.hold_pad(0.01, "") == 0.01, "the config states it by hand"


def test_of_this_releases_liveness_networks_from_the_first_start(witness: PointsWitness) -> None:
    shipped = shipped_operating_points("minifasnet")
    assert shipped is not None
    (points,) = shipped.sets
    assert witness.hold_pad(0.0, points.embedding_space) == points.points[0].threshold
    assert HELD in witness.faults
