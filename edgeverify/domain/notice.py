"""What those who watch over a door should know: what happened at it, and what does not work."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from edgeverify.domain.fault_name import FaultName


@dataclass(frozen=True, slots=True, kw_only=True)
class Degradation:
    """Something that does not work as it should, in a word for machines and a line for people."""

    name: FaultName
    detail: str = field(compare=False, default="")
    is_allowed: bool = field(compare=False, default=False)
    """The config says that people are let in all the same."""

    @property
    def grants(self) -> str:
        """Who is let in while it stands."""
        return "yes, as the config allows" if self.is_allowed else self.name.grants

    @property
    def keeps_everybody_out(self) -> bool:
        """Whether nobody is let in while it stands."""
        return self.name.keeps_everybody_out and not self.is_allowed


class NoticeKind(str, Enum):
    """As it stands on the wire and in the journal."""

    DURESS = "duress"
    """Somebody has used the second number that a person has for when they are forced to."""
    SECOND_PERSON = "second_person"
    """Another face was seen right after a grant: perhaps two went in on one card."""
    PASSBACK = "passback"
    """A card came in that was inside already, and was let in (`anti_passback: soft`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing to know, about the decision `event_id`. `at` is aware."""

    id: str
    door: str
    kind: NoticeKind
    card: str
    event_id: str
    at: datetime
