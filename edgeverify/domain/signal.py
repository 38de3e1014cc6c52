"""What a lamp or a buzzer at the door can tell whoever stands there."""

from __future__ import annotations

from enum import Enum


class Signal(str, Enum):
    """One kind of each: whoever is denied learns nothing of why."""

    PROMPT = "prompt"
    GRANT = "grant"
    DENY = "deny"
    FAULT = "fault"
    """Nobody can be let in now, whoever comes."""
