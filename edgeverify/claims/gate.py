"""The gate for claims from outside: not seen before, and fresh."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from edgeverify.domain import Claim, ClaimSource
from edgeverify.events import ClaimMessage

MAX_REMEMBERED = 10_000
"""Ids kept in memory. Beyond it (a flood) new claims are refused, never old ids forgotten."""


class Verdict(str, Enum):
    """What to do with a claim."""

    ACCEPTED = "accepted"
    EXPIRED = "expired"
    """Answer it with a denial, `claim_expired`."""
    REFUSED = "refused"
    """Counted by whoever asked, and nothing else happens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateAnswer:
    """The verdict; `claim` is there unless it was refused, `problem` says why it was."""

    verdict: Verdict
    claim: Claim | None = None
    problem: str = ""


class ClaimGate:
    """Thread-safe. `seen` are the ids that the journal remembers, each with its end.

    An id is remembered here from the moment it is accepted, and in the journal with its decision.
    """

    def __init__(self, max_age_seconds: float, seen: Mapping[str, datetime]) -> None:
        self._max_age = timedelta(seconds=max_age_seconds)
        self._seen = dict(seen)
        self._lock = threading.Lock()

    def judge(
        self, message: ClaimMessage, *, source: ClaimSource, now: datetime, monotonic: float
    ) -> GateAnswer:
        """Judge one well-formed claim, whatever its source.

        `now` is the wall time of receipt (aware), `monotonic` the same moment in seconds; frames
        older than that prove nothing. Accepted when |now - time| is at most the configured age.
        """
        until = now + 2 * self._max_age
        with self._lock:
            for name in [name for name, end in self._seen.items() if end <= now]:
                del self._seen[name]
            if message.id in self._seen:
                return _refused("a claim's id was used before")
            if len(self._seen) >= MAX_REMEMBERED:
                return _refused("too many claims at once")
            self._seen[message.id] = until
            is_fresh = abs(now - message.issued_at) <= self._max_age
        claim = Claim(
            id=message.id,
            card=message.card,
            issued_at=message.issued_at,
            received_at=monotonic,
            source=source,
            remember_until=until,
            asker=message.asker,
        )
        verdict = Verdict.ACCEPTED if is_fresh else Verdict.EXPIRED
        return GateAnswer(verdict=verdict, claim=claim)

    def remember(self, seen: Mapping[str, datetime]) -> None:
        """Take in ids that the journal could not tell at the start, each with its end."""
        with self._lock:
            self._seen = {**seen, **self._seen}

    def change_max_age(self, max_age_seconds: float) -> None:
        """Use another age from now on (a reload)."""
        with self._lock:
            self._max_age = timedelta(seconds=max_age_seconds)


def _refused(problem: str) -> GateAnswer:
    return GateAnswer(verdict=Verdict.REFUSED, problem=problem)
