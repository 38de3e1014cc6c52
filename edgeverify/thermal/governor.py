"""From readings and a time to a level: smoothed, in overlapping bands, with a shortest stay.

Pure: no file, no clock. A level is entered at its band's foot, left `hysteresis_celsius` below it,
and stays for `min_dwell_seconds`, so that noise around a trip cannot make it flap; only what is
four degrees above the next foot, or critical, does not wait. A sensor that cannot be believed is
never 0 degrees: it is dead, said so, and the others go on; with none alive the door goes on too,
at the speed it had.

What a level changes (`plan`): how often the door looks while nobody has claimed, and nothing else.
The result has no field through which heat could reach a score, a threshold, the number of frames,
liveness or a gate. During a transaction the rate is the camera's own, at every level.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from edgeverify.domain import Degradation, FaultName
from edgeverify.settings.operation import ThermalSettings
from edgeverify.thermal.bands import NO_TRIPS, Reading, Trips, bands

SMOOTHING_SECONDS = 5.0
"""Time constant of the exponential mean: one wild value of a second moves it by a fifth."""
DEAD_AFTER_SECONDS = 10.0
"""A sensor without a believable value for this long is dead; until then its last one stands."""
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
        """Return where each level begins for this sensor."""
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


SLOW_FRAMES_PER_SECOND = 5.0
TRANSACTION_FRAMES_PER_SECOND = 10.0
"""The least during a transaction (contracts, section 6); where it cannot be held: `overheated`."""
MOTION_GREY_LEVELS = 12
MOTION_SHARE = 0.02
"""Something moved when 2 % of a small grey picture changed by 12 of 255: a person who steps up
covers far more, sensor noise on averaged pixels stays far below."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdlePlan:
    """How to look while nobody has claimed.

    `wakes_on_motion`: run detection only on frames that differ from the one before.
    `accepts_claims` is False only where every claim is denied `overheated`.
    """

    frames_per_second: float
    wakes_on_motion: bool
    accepts_claims: bool


def idle_plan(level: Level, camera_frames_per_second: float) -> IdlePlan:
    """Return what `level` means for a camera of this rate (per second)."""
    rates = {
        Level.FULL: camera_frames_per_second,
        Level.HALF: camera_frames_per_second / 2,
        Level.SLOW: min(SLOW_FRAMES_PER_SECOND, camera_frames_per_second / 2),
        Level.SUSPENDED: min(1.0, camera_frames_per_second / 2),
    }
    return IdlePlan(
        frames_per_second=rates[level],
        wakes_on_motion=level >= Level.SLOW,
        accepts_claims=level is not Level.SUSPENDED,
    )


def can_hold_transaction(frames_per_second: float) -> bool:
    """Return whether a measured rate is enough to decide at all."""
    return frames_per_second >= TRANSACTION_FRAMES_PER_SECOND


def moved(previous: NDArray[np.uint8] | None, current: NDArray[np.uint8]) -> bool:
    """Return whether something moved between two small grey pictures, uint8 (h, w), 0 to 255.

    True where there is no previous picture, or one of another size: when in doubt, look.
    """
    if previous is None or previous.shape != current.shape:
        return True
    changed = np.abs(previous.astype(np.int16) - current.astype(np.int16)) >= MOTION_GREY_LEVELS
    return bool(changed.mean() >= MOTION_SHARE)
