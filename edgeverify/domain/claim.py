"""Somebody says who they are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class ClaimSource(str, Enum):
    """Who says that somebody is at the door."""

    MQTT = "mqtt"
    FIXED = "fixed"
    WALK_UP = "walk_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Somebody says who they are.

    `card` is empty for `walk_up`, where every reference valid now counts as claimed. Only frames
    captured after `received_at` (monotonic seconds) may prove it. Until `remember_until` (aware
    wall time) its id must not be accepted again; None where nobody could send it again.
    """

    id: str
    card: str
    issued_at: datetime
    received_at: float
    source: ClaimSource
    remember_until: datetime | None = None

    def __post_init__(self) -> None:
        if self.issued_at.tzinfo is None:
            raise ValueError("Claim.issued_at must know its time zone")
        if not self.card and self.source is not ClaimSource.WALK_UP:
            raise ValueError("only a walk-up claim may come without a card")
