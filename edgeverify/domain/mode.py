"""What an operator has made of the door for a while."""

from __future__ import annotations

from enum import Enum


class DoorMode(str, Enum):
    """As it stands in commands, in the status and in the journal."""

    NORMAL = "normal"
    """Whoever proves their card is let in."""
    LOCKDOWN = "lockdown"
    """Nobody is let in, whatever they prove."""
    OPEN = "open"
    """A lock that follows this mode is released; the door goes on deciding as ever."""
