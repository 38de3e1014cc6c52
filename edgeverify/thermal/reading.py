"""What one look at a temperature sensor gives."""

from __future__ import annotations

from dataclasses import dataclass


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
