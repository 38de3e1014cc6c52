"""Everything that a transaction depends on; a reload swaps it whole, between transactions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from edgeverify.claims import SourceKind
from edgeverify.daemon.door.people import People
from edgeverify.domain import ClaimSource, Language, OperatingPoint
from edgeverify.enrolment import OwnPeople
from edgeverify.liveness import LivenessPlan, without_colour
from edgeverify.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Situation:
    """The settings and people in force. `digest` names the config (hex SHA-256 of its files).

    `sources` are the claim sources in the config's order. `walk_up_point` is the stricter threshold
    for a claim that names nobody; None where no source makes such claims. `pad_threshold` is the
    P(live), 0 to 1, that passive liveness asks for.
    """

    settings: Settings
    sources: tuple[SourceKind, ...]
    people: People
    plan: LivenessPlan
    point: OperatingPoint
    walk_up_point: OperatingPoint | None
    pad_threshold: float
    digest: str
    weak: str = ""
    """Why the network in use is no good at a door, with its name; empty where it may be used."""
    operator_keys: Mapping[str, Ed25519PublicKey] = field(default_factory=dict)
    """Whose commands are obeyed, by key id."""
    own_people: OwnPeople = field(default_factory=OwnPeople)
    """How close this door's people come to each other; the thresholds have what follows from it."""

    @property
    def cautions(self) -> tuple[str, ...]:
        """Return why the evidence for the threshold in force is thin; empty where it is not."""
        said = (self.point.caution,) if self.point.caution else ()
        return (*said, *self.point.cautions_of(self.people.references.usable.values()))

    def language_for(self, card: str) -> Language:
        """Return the language of whoever holds `card`; the door's for anybody else."""
        entry = self.people.staff.get(card)
        return (entry.language if entry else None) or self.settings.language

    def point_for(self, source: ClaimSource) -> OperatingPoint:
        """Return the threshold for a claim from `source`; never a looser one than stated.

        ValueError for a claim that names nobody at a door where no source makes such claims.
        """
        if not source.names_nobody:
            return self.point
        if self.walk_up_point is None:
            raise ValueError(f"this door has no threshold for claims of {source.name}")
        return self.walk_up_point


def for_camera(situation: Situation, *, is_monochrome: bool) -> Situation:
    """Return the situation of a transaction that begins now, before this camera."""
    if not is_monochrome:
        return situation
    plan = without_colour(situation.plan, situation.settings.liveness)
    return replace(situation, plan=plan)


class Board:
    """Where the loop reads the situation in force; a reload replaces it."""

    def __init__(self, situation: Situation) -> None:
        self.current = situation
