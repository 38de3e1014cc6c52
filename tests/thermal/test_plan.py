"""What heat changes, and all that it may never change."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeverify.thermal import IdlePlan, Level, idle_plan, moved
from edgeverify.thermal.governor import can_hold_transaction


def test_each_level_looks_less_often() -> None:
    plans = [idle_plan(level, 15.0) for level in Level]
    assert [plan.frames_per_second for plan in plans] == [15.0, 7.5, 5.0, 1.0]
    assert [plan.wakes_on_motion for plan in plans] == [False, False, True, True]


@given(st.floats(1, 120))
def test_only_suspension_denies_and_no_level_looks_more_often(rate: float) -> None:
    plans = [idle_plan(level, rate) for level in Level]
    assert [plan.accepts_claims for plan in plans] == [True, True, True, False]
    rates = [plan.frames_per_second for plan in plans]
    assert rates == sorted(rates, reverse=True)
    assert rates[0] == rate


def test_a_plan_has_no_way_to_reach_a_decision() -> None:
    """Whoever adds a field here must show that it cannot relax a score, a gate or liveness."""
    assert {field.name for field in dataclasses.fields(IdlePlan)} == {
        "frames_per_second",
        "wakes_on_motion",
        "accepts_claims",
    }


@pytest.mark.parametrize(("rate", "holds"), [(9.9, False), (10.0, True), (15.0, True)])
def test_a_transaction_needs_ten_frames_a_second(rate: float, *, holds: bool) -> None:
    assert can_hold_transaction(rate) is holds


def test_a_person_who_steps_up_wakes_the_door() -> None:
    empty = np.full((36, 64), 90, np.uint8)
    person = empty.copy()
    person[10:30, 25:40] = 160
    assert moved(empty, person)


def test_noise_and_slow_light_do_not() -> None:
    chance = np.random.default_rng(3)
    empty = chance.normal(90, 2, (36, 64)).astype(np.uint8)
    later = chance.normal(94, 2, (36, 64)).astype(np.uint8)
    assert not moved(empty, later)


def test_when_in_doubt_it_looks() -> None:
    picture = np.zeros((36, 64), np.uint8)
    assert moved(None, picture)
    assert moved(np.zeros((18, 32), np.uint8), picture)
