"""The gate for claims from outside: well-formed, not retained, not seen before, fresh."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from enum import Enum

from edgeverify.domain import Claim, ClaimSource
from edgeverify.errors import ClaimError
from edgeverify.events import ClaimMessage

MAX_REMEMBERED = 10_000
"""Ids kept in memory. Beyond it (a flood) new claims are refused, never old ids forgotten."""


class Verdict(str, Enum):
    """What to do with a claim."""

    ACCEPTED = "accepted"
    EXPIRED = "expired"
    """Answer it with a denial, `claim_expired`."""
    REFUSED = "refused"
    """Counted, and nothing else happens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimCounters:
    """Since the start of the process, for metrics."""

    accepted: int = 0
    expired: int = 0
    malformed: int = 0
    retained: int = 0
    replayed: int = 0
    flooded: int = 0

    @property
    def refused(self) -> int:
        """All that were only counted."""
        return self.malformed + self.retained + self.replayed + self.flooded


@dataclass(frozen=True, slots=True, kw_only=True)
class GateAnswer:
    """The verdict; `claim` is there unless it was refused, `problem` says why it was."""

    verdict: Verdict
    claim: Claim | None = None
    remember_until: datetime | None = None
    problem: str = ""


class ClaimGate:
    """Thread-safe. `seen` are the ids that the journal remembers, each with its end.

    An id is remembered here from the moment it is accepted, and in the journal with its decision.
    """

    def __init__(self, max_age_seconds: float, seen: Mapping[str, datetime]) -> None:
        self._max_age = timedelta(seconds=max_age_seconds)
        self._seen = dict(seen)
        self._lock = threading.Lock()
        self._counters = ClaimCounters()

    @property
    def counters(self) -> ClaimCounters:
        """What was counted so far."""
        with self._lock:
            return self._counters

    def judge(
        self, payload: bytes, *, is_retained: bool, now: datetime, monotonic: float
    ) -> GateAnswer:
        """Judge one message from the claim topic.

        `now` is the wall time of receipt (aware), `monotonic` the same moment in seconds; frames
        older than that prove nothing. Accepted when |now - time| is at most the configured age.
        """
        if is_retained:
            return self._refuse("retained", "a claim was retained by its publisher or the broker")
        try:
            message = ClaimMessage.from_bytes(payload)
        except ClaimError as error:
            return self._refuse("malformed", error.problem)
        until = now + 2 * self._max_age
        with self._lock:
            for name in [name for name, end in self._seen.items() if end <= now]:
                del self._seen[name]
            if message.id in self._seen:
                return self._refuse_locked("replayed", "a claim's id was used before")
            if len(self._seen) >= MAX_REMEMBERED:
                return self._refuse_locked("flooded", "too many claims at once")
            self._seen[message.id] = until
            is_fresh = abs(now - message.issued_at) <= self._max_age
            self._count("accepted" if is_fresh else "expired")
        claim = Claim(
            id=message.id,
            card=message.card,
            issued_at=message.issued_at,
            received_at=monotonic,
            source=ClaimSource.MQTT,
        )
        verdict = Verdict.ACCEPTED if is_fresh else Verdict.EXPIRED
        return GateAnswer(verdict=verdict, claim=claim, remember_until=until)

    def remember(self, seen: Mapping[str, datetime]) -> None:
        """Take in ids that the journal could not tell at the start, each with its end."""
        with self._lock:
            self._seen = {**seen, **self._seen}

    def change_max_age(self, max_age_seconds: float) -> None:
        """Use another age from now on (a reload)."""
        with self._lock:
            self._max_age = timedelta(seconds=max_age_seconds)

    def _refuse(self, counter: str, problem: str) -> GateAnswer:
        with self._lock:
            return self._refuse_locked(counter, problem)

    def _refuse_locked(self, counter: str, problem: str) -> GateAnswer:
        self._count(counter)
        return GateAnswer(verdict=Verdict.REFUSED, problem=problem)

    def _count(self, name: str) -> None:
        counts = {each.name: getattr(self._counters, each.name) for each in fields(ClaimCounters)}
        self._counters = replace(self._counters, **{name: counts[name] + 1})
