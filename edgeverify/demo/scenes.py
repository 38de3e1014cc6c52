"""What the demo shows: who stands there, with which card, and what must come out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from edgeverify.domain import Outcome, Reason
from edgeverify.settings import LivenessMode

OWNER_CARD = "1001"
OTHER_CARD = "1002"
UNKNOWN_CARD = "9999"


class Film(str, Enum):
    """The videos that stand in for the camera."""

    OWNER_WALKS_UP = "owner-walks-up"
    OTHER_WALKS_UP = "other-walks-up"
    EMPTY_ROOM = "empty-room"
    TWO_PEOPLE = "two-people"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One visit to the door.

    Any of `expected` is right: which depends on the bundles installed. Where a scene needs a proof
    of life, `liveness_unavailable` is right too on a machine too slow to follow a face.
    """

    title: str
    card: str
    film: Film
    outcome: Outcome
    expected: tuple[Reason, ...]
    liveness: LivenessMode = "off"

    @property
    def needs_life(self) -> bool:
        """Whether the door asks for a proof of life."""
        return self.liveness != "off"


SCENES = (
    Scene(
        title="the right person, the right card",
        card=OWNER_CARD,
        film=Film.OWNER_WALKS_UP,
        outcome=Outcome.GRANT,
        expected=(Reason.MATCH,),
    ),
    Scene(
        title="another person with that card",
        card=OWNER_CARD,
        film=Film.OTHER_WALKS_UP,
        outcome=Outcome.DENY,
        expected=(Reason.NON_MATCH,),
    ),
    Scene(
        title="a card nobody knows",
        card=UNKNOWN_CARD,
        film=Film.OTHER_WALKS_UP,
        outcome=Outcome.DENY,
        expected=(Reason.UNKNOWN_REFERENCE,),
    ),
    Scene(
        title="nobody there",
        card=OWNER_CARD,
        film=Film.EMPTY_ROOM,
        outcome=Outcome.DENY,
        expected=(Reason.NO_FACE,),
    ),
    Scene(
        title="two people at once",
        card=OWNER_CARD,
        film=Film.TWO_PEOPLE,
        outcome=Outcome.DENY,
        expected=(Reason.MULTIPLE_FACES,),
    ),
    Scene(
        title="the owner's photo held up, liveness on",
        card=OWNER_CARD,
        film=Film.OWNER_WALKS_UP,
        outcome=Outcome.DENY,
        expected=(Reason.PRESENTATION_ATTACK, Reason.CHALLENGE_FAILED),
        liveness="auto",
    ),
    Scene(
        title="the same photo, liveness off",
        card=OWNER_CARD,
        film=Film.OWNER_WALKS_UP,
        outcome=Outcome.GRANT,
        expected=(Reason.MATCH,),
    ),
)
