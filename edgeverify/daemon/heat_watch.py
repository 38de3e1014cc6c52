"""The governor at work: sensors read once a second, the level kept for whoever asks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from edgeverify.settings import ThermalSettings
from edgeverify.thermal import Governor, HeatState, IdlePlan, Level, Sensors, idle_plan

SYS_VARIABLE = "EDGEVERIFY_SYS"
"""Names another root of sysfs than /sys: made-up temperature sensors, for tests alone."""


class Heat:
    """Thread-safe: the supervisor measures, the door asks."""

    def __init__(
        self,
        open_sensors: Callable[[Sequence[str]], Sensors],
        settings: ThermalSettings,
        *,
        now: float,
    ) -> None:
        """`open_sensors` takes the wanted types; a reload may want others."""
        self._open_sensors = open_sensors
        self._sensors = open_sensors(settings.sensors)
        self._lock = threading.Lock()
        self._governor = Governor(settings=settings, since=now)
        self.measure(now)

    def measure(self, now: float) -> HeatState:
        """Read the sensors and move on; `now` is monotonic seconds."""
        readings = self._sensors.read()
        with self._lock:
            self._governor = self._governor.step(readings, now)
            return self._governor.state(now)

    def use(self, settings: ThermalSettings) -> None:
        """Go on under other settings."""
        with self._lock:
            self._sensors = self._open_sensors(settings.sensors)
            self._governor = self._governor.with_settings(settings)

    @property
    def level(self) -> Level:
        """The level in force."""
        return self._governor.level

    def idle(self, camera_frames_per_second: float) -> IdlePlan:
        """Return what the level means while nobody has claimed."""
        return idle_plan(self._governor.level, camera_frames_per_second)


def open_heat(settings: ThermalSettings, environ: Mapping[str, str]) -> Heat:
    """Begin to measure this machine's heat."""
    sys_root = Path(environ.get(SYS_VARIABLE) or "/sys")
    return Heat(lambda wanted: Sensors(wanted, sys=sys_root), settings, now=time.monotonic())
