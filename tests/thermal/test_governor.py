"""A summer beside a door: the level follows the heat, and nothing makes it flap."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeverify.settings.operation import ThermalSettings
from edgeverify.thermal import Governor, Level, Reading, Trips

SETTINGS = ThermalSettings()  # soft 72, hot 80, critical 90, hysteresis 5, dwell 60 s


def at(celsius: float | None, sensor: str = "cpu", trips: Trips = Trips()) -> tuple[Reading, ...]:  # noqa: B008
    fault = "" if celsius is not None else "is empty"
    return (Reading(sensor=sensor, celsius=celsius, fault=fault, trips=trips),)


def run(
    governor: Governor, celsius: list[float | None], begin: float = 0.0
) -> tuple[Governor, list[Level]]:
    """One reading a second."""
    levels = []
    for second, value in enumerate(celsius):
        governor = governor.step(at(value), begin + second)
        levels.append(governor.level)
    return governor, levels


def changes(levels: list[Level]) -> int:
    return sum(a is not b for a, b in itertools.pairwise(levels))


def test_a_ramp_passes_through_every_level_and_back() -> None:
    up = [50 + second * 0.05 for second in range(1000)]
    _, levels = run(Governor(settings=SETTINGS), [*up, *reversed(up)])
    met = [level for level, _ in itertools.groupby(levels)]
    assert met == [
        Level.FULL,
        Level.HALF,
        Level.SLOW,
        Level.SUSPENDED,
        Level.SLOW,
        Level.HALF,
        Level.FULL,
    ]


def test_a_level_is_left_five_degrees_below_where_it_began() -> None:
    governor, _ = run(Governor(settings=SETTINGS), [75.0] * 120)
    governor, levels = run(governor, [68.0] * 300, 120)
    assert set(levels) == {Level.HALF}
    _, levels = run(governor, [66.0] * 60, 420)
    assert levels[-1] is Level.FULL


def test_noise_of_three_degrees_around_a_trip_for_an_hour_does_not_flap() -> None:
    chance = random.Random(7)
    noise: list[float | None] = [72 + chance.uniform(-3, 3) for _ in range(3600)]
    _, levels = run(Governor(settings=SETTINGS), noise)
    assert changes(levels) <= 1
    assert levels[-1] is Level.HALF


@pytest.mark.slow
@settings(max_examples=40)
@given(
    around=st.floats(62, 95),
    hysteresis=st.floats(1, 30),
    dwell=st.floats(2, 600),
    seed=st.integers(0, 1000),
)
def test_an_hour_of_noise_changes_at_most_once_a_dwell_whatever_the_settings(
    around: float, hysteresis: float, dwell: float, seed: int
) -> None:
    """Three degrees around any trip, after as long at rest."""
    chosen = ThermalSettings(hysteresis_celsius=hysteresis, min_dwell_seconds=dwell)
    chance = random.Random(seed)
    governor, _ = run(Governor(settings=chosen), [around] * 601)
    noise: list[float | None] = [around + chance.uniform(-3, 3) for _ in range(3600)]
    _, levels = run(governor, noise, 601)
    moments = [i for i, (a, b) in enumerate(itertools.pairwise(levels)) if a is not b]
    assert all(later - earlier >= dwell for earlier, later in itertools.pairwise(moments))


def test_within_the_dwell_only_what_is_much_hotter_or_critical_counts() -> None:
    governor, _ = run(Governor(settings=SETTINGS), [75.0] * 2)
    assert governor.level is Level.HALF
    patient, levels = run(governor, [82.0] * 30, 2)
    assert set(levels) == {Level.HALF}
    _, levels = run(patient, [82.0] * 40, 32)
    assert levels[-1] is Level.SLOW
    _, levels = run(governor, [88.0] * 30, 2)
    assert levels[-1] is Level.SLOW
    _, levels = run(governor, [99.0] * 30, 2)
    assert levels[-1] is Level.SUSPENDED


def test_heat_is_followed_at_once_and_coolness_only_after_the_dwell() -> None:
    governor, levels = run(Governor(settings=SETTINGS), [50.0] * 10 + [95.0] * 20)
    assert levels[-1] is Level.SUSPENDED
    governor, levels = run(governor, [40.0] * 40, 30)
    assert set(levels) == {Level.SUSPENDED}
    governor, levels = run(governor, [40.0] * 60, 70)
    assert levels[-1] is Level.FULL


def test_one_wild_value_moves_nothing() -> None:
    _, levels = run(Governor(settings=SETTINGS), [50.0] * 30 + [120.0] + [50.0] * 30)
    assert set(levels) == {Level.FULL}


def test_a_sensor_that_vanishes_is_degraded_and_leaves_the_door_at_its_pace() -> None:
    governor, _ = run(Governor(settings=SETTINGS), [75.0] * 60)
    governor, levels = run(governor, [None] * 600, 60)
    assert set(levels) == {Level.HALF}
    state = governor.state(659)
    assert [fault.name for fault in state.degraded] == ["temperature_unknown"]
    assert state.degraded[0].detail == "cpu is empty"
    assert state.hottest_celsius is None
    assert state.reason == "no temperature is known"


def test_a_moment_without_a_value_is_no_fault() -> None:
    governor, _ = run(Governor(settings=SETTINGS), [50.0, None, None, 50.0, None])
    assert governor.state(4.0).degraded == ()
    assert governor.state(4.0).hottest_celsius == 50.0


def test_a_sensor_that_dies_while_suspended_does_not_keep_the_door_shut() -> None:
    governor, _ = run(Governor(settings=SETTINGS), [95.0] * 30)
    assert governor.level is Level.SUSPENDED
    governor, levels = run(governor, [None] * 120, 30)
    assert levels[0] is Level.SUSPENDED
    assert levels[-1] is Level.SLOW


def test_a_machine_without_sensors_works_and_says_so() -> None:
    governor = Governor(settings=SETTINGS).step((), 0.0)
    assert governor.level is Level.FULL
    assert [fault.name for fault in governor.state(0.0).degraded] == ["temperature_unknown"]


def test_one_dead_sensor_of_two_is_named_and_the_other_governs() -> None:
    governor = Governor(settings=SETTINGS)
    for second in range(30):
        gpu = 85.0 if second < 5 else None
        governor = governor.step((*at(75.0, "cpu"), *at(gpu, "gpu")), float(second))
    governor = governor.step(at(75.0, "cpu"), 30.0)  # the file itself is gone
    state = governor.state(30.0)
    assert [(fault.name, fault.detail) for fault in state.degraded] == [
        ("temperature_sensor_dead", "gpu vanished")
    ]
    assert dict(state.celsius) == {"cpu": 75.0}


def test_the_hottest_sensor_governs_and_is_named() -> None:
    governor = Governor(settings=SETTINGS)
    for second in range(30):
        governor = governor.step((*at(60.0, "cpu"), *at(82.0, "gpu")), float(second))
    state = governor.state(29.0)
    assert state.level is Level.SLOW
    assert state.reason == "gpu at 82.0 C; slow begins at 80.0 C"


def test_a_lower_trip_point_of_the_system_counts() -> None:
    trips = Trips(passive=65.0, critical=85.0)
    governor = Governor(settings=SETTINGS)
    for second in range(30):
        governor = governor.step(at(66.0, trips=trips), float(second))
    assert governor.level is Level.HALF
    for second in range(30, 90):
        governor = governor.step(at(81.0, trips=trips), float(second))
    # five degrees before the system would power off
    assert governor.level is Level.SUSPENDED


def test_a_higher_trip_point_of_the_system_counts_where_the_owner_set_nothing() -> None:
    trips = Trips(passive=85.0)
    governor = Governor(settings=ThermalSettings())
    for second in range(60):
        governor = governor.step(at(84.0, trips=trips), float(second))
    assert governor.level is Level.FULL
    for second in range(60, 120):
        governor = governor.step(at(86.0, trips=trips), float(second))
    assert governor.level is Level.HALF


def test_the_owner_may_cool_the_door_earlier_than_the_system_would() -> None:
    governor = Governor(settings=ThermalSettings(soft_celsius=72.0))
    for second in range(30):
        governor = governor.step(at(73.0, trips=Trips(passive=99.0)), float(second))
    assert governor.level is Level.HALF


def test_new_settings_hold_from_the_next_look() -> None:
    governor, _ = run(Governor(settings=SETTINGS), [75.0] * 30)
    cool = ThermalSettings(soft_celsius=50.0, hot_celsius=60.0, critical_celsius=70.0)
    assert governor.with_settings(cool).step(at(75.0), 31.0).level is Level.SUSPENDED


raw = st.one_of(st.none(), st.floats(-40, 150))


@given(st.lists(st.tuples(raw, raw), max_size=60), st.floats(0.1, 100))
def test_whatever_the_sensors_do_the_level_can_be_explained(
    history: list[tuple[float | None, float | None]], pause: float
) -> None:
    governor = Governor(settings=SETTINGS)
    now = 0.0
    for cpu, gpu in history:
        now += pause
        governor = governor.step((*at(cpu, "cpu"), *at(gpu, "gpu")), now)
        state = governor.state(now)
        assert state.level in Level
        assert state.reason
        if state.level is Level.SUSPENDED and state.celsius:
            assert now - state.since <= 60 or (state.hottest_celsius or 0) >= 85 - 0.1
        if not state.celsius:
            assert state.degraded
