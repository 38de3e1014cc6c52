"""Hours and dates are read on somebody's wall clock: whose must be written down."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from edgeverify.settings import Settings, StaffEntry

ETC = Path("/etc")
ZONES = "zoneinfo/"


def without_zone(settings: Settings) -> tuple[int, ...]:
    """Return the numbers of the staff whose hours or dates name no time zone, nor does the door."""
    if settings.time_zone:
        return ()
    return tuple(number for number, entry in enumerate(settings.staff) if _lacks_one(entry))


def zones_used(settings: Settings) -> tuple[str, ...]:
    """Return the time zones in which the staff's hours and dates are counted, each once."""
    return tuple(
        sorted(
            {
                entry.hours.time_zone or settings.time_zone
                for entry in settings.staff
                if _uses_one(entry)
            }
        )
    )


def system_time_zone(environ: Mapping[str, str], etc: Path = ETC) -> str:
    """Return the IANA name of this machine's time zone; empty where it is not told."""
    if environ.get("TZ"):
        return environ["TZ"].lstrip(":")
    try:
        target = str((etc / "localtime").readlink())
    except OSError:
        target = ""
    if ZONES in target:
        return target.partition(ZONES)[2]
    try:
        return (etc / "timezone").read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _lacks_one(entry: StaffEntry) -> bool:
    return _uses_one(entry) and not entry.hours.time_zone


def _uses_one(entry: StaffEntry) -> bool:
    hours = entry.hours
    return bool(hours.windows or hours.exceptions or entry.valid_from or entry.valid_until)
