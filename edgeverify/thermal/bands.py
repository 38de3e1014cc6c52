"""Where each level of heat begins: the system's trip points, the owner's settings, or defaults.

And what one look at a temperature sensor gives, which is held against them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from edgeverify.settings.operation import ThermalSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Trips:
    """Where the system itself would act, degrees Celsius; None where it does not say.

    `passive`: it slows the processor. `hot`: it warns. `critical`: it powers off.
    """

    passive: float | None = None
    hot: float | None = None
    critical: float | None = None


NO_TRIPS = Trips()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One sensor, one look. `celsius` is None where nothing can be believed; `fault` says why."""

    sensor: str
    celsius: float | None
    fault: str = ""
    trips: Trips = NO_TRIPS


SOFT_CELSIUS = 72.0
HOT_CELSIUS = 80.0
CRITICAL_CELSIUS = 90.0
"""Where neither the system nor the owner says anything."""
RUN_UP_CELSIUS = 10.0
"""Slow down so far below suspension at least, if only a trip point or a default says otherwise."""
POWER_OFF_MARGIN_CELSIUS = 5.0
"""Suspend so far below the point where the system would power itself off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bands:
    """Degrees Celsius from which the door goes half as fast, slowly, and not at all."""

    soft: float
    hot: float
    critical: float


def bands(settings: ThermalSettings, trips: Trips) -> Bands:
    """Lay the bands of one sensor: its trip points where it has any, else the defaults.

    What the owner sets may cool the door earlier than the system would, never later. What nobody
    states keeps its distance from what is stated, so that the door slows down before it stops.
    """
    stop = None if trips.critical is None else trips.critical - POWER_OFF_MARGIN_CELSIUS
    critical = _lower(settings.critical_celsius, stop)
    ceiling = math.inf if critical is None else critical - RUN_UP_CELSIUS
    if settings.soft_celsius is None:
        soft = min(trips.passive or SOFT_CELSIUS, ceiling)
    else:
        soft = min(settings.soft_celsius, trips.passive or math.inf)
    step = HOT_CELSIUS - SOFT_CELSIUS
    hot = _lower(settings.hot_celsius, trips.hot)
    if hot is None:
        hot = min(max(HOT_CELSIUS, soft + step), ceiling + step)
    if critical is None:
        critical = max(CRITICAL_CELSIUS, hot + RUN_UP_CELSIUS)
    return Bands(soft=soft, hot=hot, critical=critical)


def _lower(setting: float | None, other: float | None) -> float | None:
    return min((value for value in (setting, other) if value is not None), default=None)
