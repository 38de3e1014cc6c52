"""What the door says of itself: retained on `status`, on the local socket, and to systemd."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from edgeverify import __version__
from edgeverify.domain import Degradation
from edgeverify.events import encode_status
from edgeverify.status_socket import Json

MAX_LINES = 40
"""About 10 KB of a retained message; brokers are set up to refuse more than 64 KB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorStatus:
    """One moment of the daemon. `facts` are for people and monitors, in JSON's own types."""

    door: str
    at: datetime
    degraded: tuple[Degradation, ...]
    facts: dict[str, Json]

    @property
    def state(self) -> Literal["online", "degraded"]:
        """`degraded` as soon as anything is not as it should be."""
        return "degraded" if self.degraded else "online"

    def message(self) -> bytes:
        """Return the retained MQTT message."""
        return encode_status(
            self.state,
            self.door,
            at=self.at,
            reasons=self.degraded,
            details={"version": __version__, **_short(self.facts)},
        )

    def record(self) -> dict[str, Json]:
        """Return the same for the local socket."""
        return {
            "door": self.door,
            "state": self.state,
            "at": self.at.isoformat(),
            "version": __version__,
            "reasons": [{"name": one.name.value, "detail": one.detail} for one in self.degraded],
            **self.facts,
        }

    def line(self) -> str:
        """Return one line for `systemctl status`."""
        if not self.degraded:
            return f"{self.door}: online"
        return f"{self.door}: degraded: {_listed(self.degraded)}"


def _short(facts: dict[str, Json]) -> dict[str, Json]:
    """Bound what goes to the broker; the local socket tells all."""
    lines = facts.get("enrolment")
    if not isinstance(lines, list) or len(lines) <= MAX_LINES:
        return facts
    more = f"and {len(lines) - MAX_LINES} more: `edgeverify status`"
    return {**facts, "enrolment": [*lines[:MAX_LINES], more]}


def _listed(degraded: Sequence[Degradation]) -> str:
    return ", ".join(f"{one.name} ({one.detail})" if one.detail else one.name for one in degraded)
