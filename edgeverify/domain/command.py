"""What an operator wants of a door."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from edgeverify.domain.mode import DoorMode


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
