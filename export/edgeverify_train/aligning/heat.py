"""Work that waits while the machine is hot: the temperatures at which a door slows down."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from edgeverify.settings.operation import ThermalSettings
from edgeverify.thermal.bands import Reading, bands

LOOK_SECONDS = 5.0
"""Between two looks at the sensors."""
COOLER_BY_CELSIUS = 5.0
"""The work goes on so far below where it stopped."""


@dataclass(frozen=True, slots=True)
class Heat:
    """A sensor above its soft temperature, degrees Celsius."""

    sensor: str
    celsius: float
    soft: float

    def __str__(self) -> str:
        return (
            f"{self.sensor} has {self.celsius:.0f} degrees Celsius: waiting until it is below "
            f"{self.soft - COOLER_BY_CELSIUS:.0f}"
        )


class CoolDown:
    """Waits, where there are sensors; does nothing where there are none, or none can be read."""

    def __init__(
        self,
        read: Callable[[], Iterable[Reading]],
        *,
        soft_celsius: float | None,
        clock: Callable[[], float],
        pause: Callable[[float], None],
    ) -> None:
        """`soft_celsius` None: each sensor's own passive trip point, or 72."""
        self._read = read
        self._settings = ThermalSettings(soft_celsius=soft_celsius)
        self._clock = clock
        self._pause = pause
        self._looked_at = float("-inf")

    def wait(self, say: Callable[[str], None]) -> float:
        """Return at once while it is cool, else when it is again; the seconds that were waited.

        Looks at the sensors every five seconds at most.
        """
        now = self._clock()
        if now - self._looked_at < LOOK_SECONDS:
            return 0.0
        self._looked_at = now
        hot = self._hottest(0.0)
        if hot is None:
            return 0.0
        while hot is not None:
            say(str(hot))
            self._pause(LOOK_SECONDS)
            hot = self._hottest(COOLER_BY_CELSIUS)
        self._looked_at = self._clock()
        return self._looked_at - now

    def _hottest(self, below: float) -> Heat | None:
        found = [
            Heat(one.sensor, one.celsius, bands(self._settings, one.trips).soft)
            for one in self._read()
            if one.celsius is not None
        ]
        above = [heat for heat in found if heat.celsius >= heat.soft - below]
        return max(above, key=lambda heat: heat.celsius - heat.soft, default=None)
