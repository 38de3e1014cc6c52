"""The wall clock on which people read a door's times: the door's own, or else this machine's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from edgeverify.config.time_zones import system_time_zone


@dataclass(frozen=True, slots=True)
class WallClock:
    """`zone` is the door's `time_zone`; None where it names none, and this machine's counts.

    `name` is the zone in words, for whoever reads the times.
    """

    zone: ZoneInfo | None
    name: str

    @classmethod
    def of(cls, time_zone: str, environ: Mapping[str, str]) -> WallClock:
        """Return the clock of a door's `time_zone`, which may be empty."""
        if time_zone:
            return cls(ZoneInfo(time_zone), time_zone)
        return cls(None, f"{system_time_zone(environ) or 'the zone'} (this machine)")

    def at(self, moment: datetime) -> datetime:
        """Return the same moment on this clock; one without a time zone is read on it.

        Of an hour that comes twice, `fold` says which is meant (PEP 495).
        """
        if moment.tzinfo is None and self.zone is not None:
            return moment.replace(tzinfo=self.zone)
        return moment.astimezone(self.zone)

    def shown(self, moment: datetime) -> str:
        """Return it for a person to read, to the second."""
        return f"{self.at(moment):%Y-%m-%d %H:%M:%S}"

    def stamp(self, moment: datetime) -> str:
        """Return it as ISO 8601 with its offset, to the microsecond where it has any."""
        return self.at(moment).isoformat()

    def begin_of(self, day: date) -> datetime:
        """Return the first moment of a day."""
        return self.at(datetime.combine(day, time.min))
