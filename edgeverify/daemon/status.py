"""What the door says of itself: retained on `status`, on the local socket, and to systemd."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from edgeverify import __version__
from edgeverify.domain import Degradation, DoorMode
from edgeverify.events import encode_status
from edgeverify.mqtt import MAX_FORM_BYTES
from edgeverify.status_socket import Json

PUBLIC_FACTS = (
    "run",
    "sequence",
    "config",
    "is_enrolling",
    "model",
    "runtime",
    "liveness",
    "references",
    "camera",
    "broker",
    "outbox",
    "signing_key",
    "next_key",
    "mode",
    "panel",
)
"""Facts that are codes and counts as they stand; what else is told to everybody is `_public`'s."""
PUBLIC_LIVE_FMR = ("fmr", "at_most", "comparisons", "false_matches", "grants", "people")


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

    def messages(self) -> tuple[bytes, bytes]:
        """Return the retained MQTT message, for whoever may read the topic, and a short form of it.

        Counts and codes alone: a name, a card or a path stands in no part of it. What a reason's
        own detail says is for the local socket; here each reason is explained by its name. The
        short form has the names of the reasons alone.
        """
        reasons = [Degradation(name=one.name, detail=one.name.meaning) for one in self.degraded]
        told = {"version": __version__, **_public(self.facts)}
        message = encode_status(self.state, self.door, at=self.at, reasons=reasons, details=told)
        names = [Degradation(name=one.name) for one in self.degraded]
        least: dict[str, object] = {
            name: told[name] for name in ("run", "sequence", "next_key", "mode") if name in told
        }
        short = encode_status(self.state, self.door, at=self.at, reasons=names, details=least)
        return (message if len(message) <= MAX_FORM_BYTES else short, short)

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
        mode = self.facts.get("mode")
        name = mode.get("name") if isinstance(mode, dict) else DoorMode.NORMAL.value
        said = "" if name == DoorMode.NORMAL.value else f", {name}"
        if not self.degraded:
            return f"{self.door}: online{said}"
        return f"{self.door}: degraded{said}: {_listed(self.degraded)}"


def _public(facts: Mapping[str, Json]) -> dict[str, object]:
    """Return what everybody may know of the facts; one that is not named here stays inside."""
    told: dict[str, object] = {name: facts[name] for name in PUBLIC_FACTS if name in facts}
    threshold, heat = facts.get("threshold"), facts.get("heat")
    if isinstance(threshold, dict):
        told["threshold"] = {name: threshold.get(name) for name in ("source", "max_fmr")}
    if isinstance(heat, dict):
        told["heat"] = {name: heat.get(name) for name in ("level", "celsius")}
    if isinstance(lines := facts.get("enrolment"), list):
        told["enrolment"] = {"lines": len(lines)}
    if isinstance(own := facts.get("own_people"), dict):
        counts = ("people", "pairs", "confused", "tightened")
        told["own_people"] = {name: own.get(name) for name in counts}
    if isinstance(live := facts.get("live_fmr"), dict):
        told["live_fmr"] = {name: live.get(name) for name in PUBLIC_LIVE_FMR}
    return told


def _listed(degraded: Sequence[Degradation]) -> str:
    return ", ".join(f"{one.name} ({one.detail})" if one.detail else one.name for one in degraded)
