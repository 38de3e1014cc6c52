"""Where each level of heat begins: trip points where there are any, otherwise settings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeverify.settings.operation import ThermalSettings
from edgeverify.thermal.bands import NO_TRIPS, Bands, Trips, bands

DEGREES = st.none() | st.floats(min_value=40, max_value=120)


def test_without_trip_points_and_settings_the_defaults_hold() -> None:
    assert bands(ThermalSettings(), NO_TRIPS) == Bands(soft=72.0, hot=80.0, critical=90.0)


def test_the_systems_trip_points_count_where_they_exist() -> None:
    trips = Trips(passive=85.0, hot=95.0, critical=110.0)
    assert bands(ThermalSettings(), trips) == Bands(soft=85.0, hot=95.0, critical=105.0)


def test_a_default_keeps_its_distance_from_a_trip_point() -> None:
    assert bands(ThermalSettings(), Trips(passive=95.0)) == Bands(soft=95, hot=103, critical=113)


def test_a_door_slows_down_before_it_stops_even_where_the_trip_points_lie_together() -> None:
    trips = Trips(passive=100.0, critical=100.0)
    assert bands(ThermalSettings(), trips) == Bands(soft=85.0, hot=93.0, critical=95.0)


def test_an_owner_who_sets_one_level_leaves_the_others() -> None:
    settings = ThermalSettings(soft_celsius=50.0)
    assert bands(settings, NO_TRIPS) == Bands(soft=50.0, hot=80.0, critical=90.0)


@given(passive=DEGREES, hot=DEGREES, critical=DEGREES)
def test_no_setting_lets_the_door_run_hotter_than_the_system_would(
    passive: float | None, hot: float | None, critical: float | None
) -> None:
    settings = ThermalSettings(soft_celsius=100.0, hot_celsius=110.0, critical_celsius=120.0)
    found = bands(settings, Trips(passive=passive, hot=hot, critical=critical))
    assert found.soft <= (passive or 100.0)
    assert found.hot <= (hot or 110.0)
    assert found.critical <= (120.0 if critical is None else critical - 5.0)


@given(passive=DEGREES, critical=DEGREES)
def test_the_bands_of_the_system_alone_rise(passive: float | None, critical: float | None) -> None:
    found = bands(ThermalSettings(), Trips(passive=passive, critical=critical))
    assert found.soft < found.hot < found.critical


def test_settings_that_fall_are_refused() -> None:
    with pytest.raises(ValueError, match="must rise"):
        ThermalSettings(soft_celsius=80.0, critical_celsius=70.0)
