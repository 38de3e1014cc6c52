"""What the link says of itself, and what became of a live decision."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from edgeverify.domain import Degradation


class LiveResult(str, Enum):
    """What became of a live decision."""

    HANDED_OVER = "handed_over"
    DROPPED_OFFLINE = "dropped_offline"
    DROPPED_EXPIRED = "dropped_expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkState:
    """For status and metrics. `protocol` is "5", "3.1.1" or empty.

    `problem` says why there is no connection, or what the broker refuses on the one there is.
    """

    is_connected: bool
    protocol: str
    problem: Degradation | None
    connections: int
