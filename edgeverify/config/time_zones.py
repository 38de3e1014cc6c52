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
    is_used = bool(
        entry.hours.windows or entry.hours.exceptions or entry.valid_from or entry.valid_until
    )
    return is_used and not entry.hours.time_zone
