"""Somebody says who they are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

REMEMBERED_AT_MOST = timedelta(minutes=20)
"""How long the id of a claim can matter: four times the longest `claims.max_age_seconds`.

One that is to be remembered for longer came while the clock ran ahead: it is not fresh any more.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimSource:
    """Who says that somebody is at the door; `name` as in the config's `claims.sources`.

    A card reader's claim joins the running attempt for its card, and ends one for another card;
    what the door itself claims waits until nobody with a card is being looked at. A source that
    `names_nobody` lets everybody valid now count as claimed.
    """

    name: str
    is_card_reader: bool
    names_nobody: bool = False

    def __post_init__(self) -> None:
        if self.is_card_reader and self.names_nobody:
            raise ValueError("a card reader names whoever presents a card")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Where the answer to a claim is heard: a topic, and what its sender knows the answer by."""

    topic: str
    correlation: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Somebody says who they are.

    `card` is empty where the source names nobody, and only there. Only frames captured after
    `received_at` (monotonic seconds) may prove it. Until `remember_until` (aware wall time) its id
    must not be accepted again; None where nobody could send it again. `asker` waits for the answer
    elsewhere than at this machine; None where nobody does.
    """

    id: str
    card: str
    issued_at: datetime
    received_at: float
    source: ClaimSource
    remember_until: datetime | None = None
    asker: Asker | None = None
    is_under_duress: bool = False
    """Made with the person's second number; `card` is their own all the same."""

    def __post_init__(self) -> None:
        if self.issued_at.tzinfo is None:
            raise ValueError("Claim.issued_at must know its time zone")
        if (not self.card) is not self.source.names_nobody:
            raise ValueError("a claim names a card unless its source names nobody")
