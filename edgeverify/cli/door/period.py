"""`--since` and `--until`: a day, a time of day, or how long ago."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import typer

_AGO = re.compile(r"(\d{1,5})\s*([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def moment(text: str, *, now: datetime, option: str) -> datetime | None:
    """Return the moment that is meant, with its time zone; None for an empty text.

    Without an offset it is this machine's local time. `now` needs its time zone. Raises
    typer.BadParameter.
    """
    if not text:
        return None
    if ago := _AGO.fullmatch(text.strip()):
        number, unit = ago.groups()
        return now - timedelta(**{_UNITS[unit]: int(number)})
    try:
        found = datetime.fromisoformat(re.sub(r"[zZ]$", "+00:00", text.strip()))
        return found.astimezone()
    except (ValueError, OverflowError):
        raise typer.BadParameter(
            f"{text!r} is not a time. Write it like 2026-11-28, '2026-11-28 07:30' or 12h (m, h, "
            "d and w: minutes, hours, days and weeks ago).",
            param_hint=option,
        ) from None
