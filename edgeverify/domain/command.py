"""What an operator wants of a door, and what that makes of it for a while."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class DoorMode(str, Enum):
    """As it stands in commands, in the status and in the journal."""

    NORMAL = "normal"
    """Whoever proves their card is let in."""
    LOCKDOWN = "lockdown"
    """Nobody is let in, whatever they prove."""
    OPEN = "open"
    """A lock that follows this mode is released; the door goes on deciding as ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command, whoever has signed it.

    `issued_at`, `expires_at` (the command counts until then) and `until` (the mode ends then; None:
    not by itself) are aware. `sequence` rises strictly for one operator's key at one door.
    """

    id: str
    door: str
    mode: DoorMode
    sequence: int
    issued_at: datetime
    expires_at: datetime
    until: datetime | None = None
