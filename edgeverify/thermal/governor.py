"""From readings and a time to a level: smoothed, in overlapping bands, with a shortest stay.

Pure: no file, no clock. A level is entered at its band's foot, left `hysteresis_celsius` below it,
and stays for `min_dwell_seconds`, so that noise around a trip cannot make it flap; only what is
four degrees above the next foot, or critical, does not wait. A sensor that cannot be believed is
never 0 degrees: it is dead, said so, and the others go on; with none alive the door goes on too,
at the speed it had.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from edgeverify.domain import Degradation, FaultName
from edgeverify.settings.operation import ThermalSettings
from edgeverify.thermal.bands import bands
from edgeverify.thermal.reading import NO_TRIPS, Reading, Trips

SMOOTHING_SECONDS = 5.0
"""Time constant of the exponential mean: one wild value of a second moves it by a fifth."""
DEAD_AFTER_SECONDS = 10.0
"""A sensor without a believable value for so long is dead; until then its last one stands."""
URGENT_CELSIUS = 4.0
"""Within the dwell a hotter level needs so much more than its foot: noise of three does not."""
RECOVERY_CELSIUS = 5.0
"""Suspension is entered at once, so it is left so far below at least, whatever the hysteresis."""


class Level(IntEnum):
    """How hard the door looks while nobody has claimed; SUSPENDED denies `overheated`."""

    FULL = 0
    HALF = 1
    SLOW = 2
    SUSPENDED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatState:
    """What the governor makes of the heat now, for the status, the metrics and the loop."""

    level: Level
    since: float
    reason: str
    celsius: Mapping[str, float]
    degraded: tuple[Degradation, ...]

    @property
    def hottest_celsius(self) -> float | None:
        """The hottest living sensor, smoothed; None where none lives."""
        return max(self.celsius.values(), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sensor:
    name: str
    celsius: float = math.nan
    believed_at: float = -math.inf
    fault: str = ""
    trips: Trips = NO_TRIPS

    def after(self, reading: Reading, now: float) -> _Sensor:
        if reading.celsius is None:
            return replace(self, fault=reading.fault, trips=reading.trips)
        mean = reading.celsius
        if not math.isnan(self.celsius):
            weight = math.exp(-max(0.0, now - self.believed_at) / SMOOTHING_SECONDS)
            mean = weight * self.celsius + (1 - weight) * reading.celsius
        return replace(self, celsius=mean, believed_at=now, fault="", trips=reading.trips)

    def lives(self, now: float) -> bool:
        return now - self.believed_at <= DEAD_AFTER_SECONDS

    def feet(self, settings: ThermalSettings) -> dict[Level, float]:
        """Where each level begins for this sensor."""
        found = bands(settings, self.trips)
        return {
            Level.FULL: -math.inf,
            Level.HALF: found.soft,
            Level.SLOW: found.hot,
            Level.SUSPENDED: found.critical,
        }

    def level(self, settings: ThermalSettings, *, slack: float = 0.0) -> Level:
        feet = self.feet(settings)
        return max(level for level in Level if self.celsius >= feet[level] - slack)


@dataclass(frozen=True, slots=True, kw_only=True)
class Governor:
    """The heat so far. `step` gives the next one; `state` says what it comes to."""

    settings: ThermalSettings
    level: Level = Level.FULL
    since: float = -math.inf
    sensors: tuple[_Sensor, ...] = ()

    def step(self, readings: Sequence[Reading], now: float) -> Governor:
        """Take one look at all sensors into account; `now` is monotonic seconds."""
        seen = {reading.sensor: reading for reading in readings}
        known = {sensor.name: sensor for sensor in self.sensors}
        sensors = tuple(
            known.get(name, _Sensor(name=name)).after(
                seen.get(name, Reading(sensor=name, celsius=None, fault="vanished")), now
            )
            for name in sorted(known | seen)
        )
        level = self._next_level([sensor for sensor in sensors if sensor.lives(now)], now)
        since = now if level is not self.level else self.since
        return replace(self, sensors=sensors, level=level, since=since)

    def with_settings(self, settings: ThermalSettings) -> Governor:
        """Go on under other settings, after a reload; a sensor no longer wanted is forgotten."""
        sensors = self.sensors if settings.sensors == self.settings.sensors else ()
        return replace(self, settings=settings, sensors=sensors)

    def _next_level(self, living: Sequence[_Sensor], now: float) -> Level:
        stayed = now - self.since >= self.settings.min_dwell_seconds
        if not living:
            # Blind: keep the pace, but a sensor that died must not keep the door shut for ever.
            return Level.SLOW if self.level is Level.SUSPENDED and stayed else self.level
        hotter = max(sensor.level(self.settings) for sensor in living)
        if hotter > self.level:
            if stayed or hotter is Level.SUSPENDED:
                return hotter
            urgent = max(sensor.level(self.settings, slack=-URGENT_CELSIUS) for sensor in living)
            return max(urgent, self.level)
        slack = self.settings.hysteresis_celsius
        if self.level is Level.SUSPENDED:
            slack = max(slack, RECOVERY_CELSIUS)
        cooler = max(sensor.level(self.settings, slack=slack) for sensor in living)
        return cooler if cooler < self.level and stayed else self.level

    def state(self, now: float) -> HeatState:
        """Return the level, why, and what cannot be believed."""
        living = [sensor for sensor in self.sensors if sensor.lives(now)]
        return HeatState(
            level=self.level,
            since=self.since,
            reason=self._reason(living),
            celsius={sensor.name: round(sensor.celsius, 1) for sensor in living},
            degraded=self._degraded(living, now),
        )

    def _reason(self, living: Sequence[_Sensor]) -> str:
        if not living:
            return "no temperature is known"
        worst = max(living, key=lambda sensor: (sensor.level(self.settings), sensor.celsius))
        said = f"{worst.name} at {worst.celsius:.1f} C"
        if self.level is Level.FULL:
            return f"{said}, below {worst.feet(self.settings)[Level.HALF]:.1f} C"
        foot = worst.feet(self.settings)[self.level]
        return f"{said}; {self.level.name.lower()} begins at {foot:.1f} C"

    def _degraded(self, living: Sequence[_Sensor], now: float) -> tuple[Degradation, ...]:
        dead = [f"{sensor.name} {sensor.fault}" for sensor in self.sensors if not sensor.lives(now)]
        if not living:
            detail = "; ".join(dead) or "this machine shows no sensor of its processor"
            return (Degradation(name=FaultName.TEMPERATURE_UNKNOWN, detail=detail),)
        if dead:
            return (Degradation(name=FaultName.TEMPERATURE_SENSOR_DEAD, detail="; ".join(dead)),)
        return ()
