"""`thermal:`, `metrics:`, `log:`: running beside a door for years."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator
from typing_extensions import Self

from edgeverify.settings.section import Section


class ThermalSettings(Section):
    """Heat slows the door while nobody has claimed; it never relaxes a decision."""

    sensors: tuple[str, ...] = Field(default=(), strict=False)
    """Types of thermal zones to read ("x86_pkg_temp", "cpu-thermal"); empty: all CPU and GPU
    zones."""
    soft_celsius: float | None = Field(default=None, ge=30, le=120)
    """Half the frame rate from here; null: the sensor's own passive trip point, or 72 where it has
    none. A value may lie below the system's trip points, never above: the lower one counts."""
    hot_celsius: float | None = Field(default=None, ge=30, le=120)
    """Five frames per second from here, and only when something moves; null: the hot trip point, or
    80."""
    critical_celsius: float | None = Field(default=None, ge=30, le=125)
    """Suspended from here, every claim is denied `overheated`; null: 5 below the critical trip
    point, or 90."""
    hysteresis_celsius: float = Field(default=5.0, ge=1, le=30)
    """A level is left this far below where it was entered."""
    min_dwell_seconds: float = Field(default=60.0, ge=1, le=3600)
    """Shortest stay in a level; what is critical, or 4 degrees past the next, does not wait."""

    @model_validator(mode="after")
    def _bands_rise(self) -> Self:
        given = (self.soft_celsius, self.hot_celsius, self.critical_celsius)
        stated = [celsius for celsius in given if celsius is not None]
        if stated != sorted(set(stated)):
            raise ValueError("soft_celsius, hot_celsius and critical_celsius must rise")
        return self


class MetricsSettings(Section):
    """Prometheus; off unless set."""

    port: int = Field(default=0, ge=0, le=65535)
    """Loopback port; 0: off."""
    textfile: str = ""
    """Path of a `.prom` file for the node exporter's textfile collector; empty: off."""


class LogSettings(Section):
    """The daemon's log."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """The lowest level that is logged."""
    format: Literal["auto", "journald", "text", "json"] = "auto"
    """`auto`: journald's priorities under systemd, else text."""
