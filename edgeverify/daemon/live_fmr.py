"""The live false match rate of the network in use, read from the journal now and then."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from edgeverify.journal.impostors import LiveRate

LIVE_RATE_EVERY_SECONDS = 30.0


class Counted(Protocol):
    """A journal, as far as it is asked here."""

    def live_rate(self, embedding_space: str) -> LiveRate:
        """Return what was counted with one network. JournalUnavailableError."""


@dataclass(slots=True)
class LiveFmr:
    """What was read last, and of which network: a rate of another one says nothing of this one."""

    _space: str = ""
    _at: float = float("-inf")
    _rate: LiveRate = field(default_factory=LiveRate)

    def look(self, journal: Counted, space: str, now: float) -> None:
        """Read it where that was long ago, or of another network. JournalUnavailableError."""
        if space == self._space and now - self._at < LIVE_RATE_EVERY_SECONDS:
            return
        self._rate = journal.live_rate(space)
        self._space, self._at = space, now

    def of(self, space: str) -> LiveRate:
        """Return the rate that was read for this network; an empty one where none was yet."""
        return self._rate if space == self._space else LiveRate()
