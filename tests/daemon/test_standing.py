"""What weakens a door for as long as it stands is a fault by name, until it is mended."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from edgeverify.bundle.threshold_choice import choose_operating_point
from edgeverify.daemon.doctor.model import look_at_threshold
from edgeverify.daemon.faults import FaultBoard
from edgeverify.daemon.standing import rate_not_held, state_what_stands
from edgeverify.domain import Degradation, FaultName, OperatingPoint
from edgeverify.models.catalogue import shipped_operating_points
from edgeverify.settings import DecisionSettings
from tests.daemon.door.test_situation import MEASURED, situation

WEAK = "dlib-resnet is not for a door: people before one camera are taken for each other"
SIBLINGS = "worst group of people: siblings (NOT held to: 10 times 1e-05)"


def stated(faults: FaultBoard) -> dict[FaultName, str]:
    return {one.name: one.detail for one in faults.snapshot()}


def test_a_weak_network_that_the_config_accepts_is_a_fault_until_another_is_taken() -> None:
    faults, now = FaultBoard(), replace(situation(MEASURED, 1), weak=WEAK)
    state_what_stands(faults, now, (), None)
    assert stated(faults)[FaultName.MODEL_WEAK] == WEAK
    assert not FaultName.MODEL_WEAK.keeps_everybody_out
    state_what_stands(faults, situation(MEASURED, 1), (), None)
    assert FaultName.MODEL_WEAK not in faults


def test_a_rate_that_does_not_hold_for_a_group_is_a_fault_until_it_does() -> None:
    faults = FaultBoard()
    state_what_stands(faults, situation(replace(MEASURED, not_held=SIBLINGS), 1), (), None)
    assert stated(faults)[FaultName.RATE_NOT_HELD] == SIBLINGS
    state_what_stands(faults, situation(MEASURED, 1), (), None)
    assert FaultName.RATE_NOT_HELD not in faults


def test_claims_without_a_card_have_a_rate_of_their_own() -> None:
    tight = replace(MEASURED, not_held=SIBLINGS)
    assert rate_not_held(MEASURED, None) == rate_not_held(MEASURED, MEASURED) == ""
    assert rate_not_held(MEASURED, tight) == f"for claims that name nobody: {SIBLINGS}"
    assert rate_not_held(tight, tight) == SIBLINGS


def test_what_the_verifier_lacks_and_what_was_moved_aside_stand_too() -> None:
    faults = FaultBoard()
    lacking = (Degradation(name=FaultName.PAD_BROKEN, detail="damaged"),)
    by_hand = replace(MEASURED, max_fmr=None)
    state_what_stands(faults, situation(by_hand, 1), lacking, Path("/aside"))
    found = stated(faults)
    assert {"pad_broken", "threshold_by_hand", "references_replaced"} <= set(found)
    assert "/aside" in found[FaultName.REFERENCES_REPLACED]
    state_what_stands(faults, situation(MEASURED, 1), (), None)
    assert not {"pad_broken", "threshold_by_hand", "references_replaced"} & set(stated(faults))


@pytest.mark.parametrize(
    ("network", "max_fmr", "people", "is_held"),
    [
        ("sface", 1e-4, 1, True),
        ("sface", 1e-5, 1, True),  # stricter than the default, which holds: no fault
        ("sface", 1e-4, 10, False),  # walk-up among ten
        ("dlib-resnet", 1e-4, 1, False),
    ],
)
def test_what_was_measured_among_the_worst_group_is_held_against_what_is_promised(
    network: str, max_fmr: float, people: int, *, is_held: bool
) -> None:
    point = chosen(network, max_fmr, people)
    assert (not point.not_held) is is_held
    found = [one for one in look_at_threshold(point) if one.part == "groups"]
    assert [one.is_well for one in found] == [is_held]
    assert "worst group of people" in found[0].seen
    if not is_held:
        assert found[0].seen.startswith("rate_not_held: ")
        assert "decision.group_factor" in found[0].advice


def test_the_doctor_says_how_thin_the_evidence_is() -> None:
    seen = [one.seen for one in look_at_threshold(chosen("sface", 1e-5, 1))]
    assert seen[1].startswith("thin: within a group of people it let")
    assert "NOT held to: 10 times 1e-05" in seen[2]
    assert len(list(look_at_threshold(chosen("sface", 1e-4, 1)))) == 2


def chosen(network: str, max_fmr: float, people: int) -> OperatingPoint:
    shipped = shipped_operating_points(network)
    assert shipped is not None
    rate = DecisionSettings(max_fmr=max_fmr)
    return choose_operating_point(shipped.sets[0], rate, bundle_name=network, references=people)
