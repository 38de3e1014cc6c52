"""The gate for claims from outside: not seen before, and fresh."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from edgeverify.domain import REMEMBERED_AT_MOST, Claim, ClaimSource
from edgeverify.events import ClaimMessage


class TokenBucket:
    """A rate with a burst (RFC 2697, section 2, with one rate), full at first.

    `now` is seconds on any clock that only rises.
    """

    def __init__(self, capacity: float, per_second: float) -> None:
        self._capacity = capacity
        self._per_second = per_second
        self._tokens = capacity
        self._at: float | None = None

    def take(self, now: float) -> bool:
        """Take one token; return False where none is left."""
        if not self.has_one(now):
            return False
        self._tokens -= 1.0
        return True

    def has_one(self, now: float) -> bool:
        """Return whether a token is left at `now`."""
        passed = 0.0 if self._at is None else max(0.0, now - self._at)
        self._at = now
        self._tokens = min(self._capacity, self._tokens + passed * self._per_second)
        return self._tokens >= 1.0


MAX_REMEMBERED = 50_000
"""Ids kept in memory. Beyond it (a flood) new claims are refused, never old ids forgotten."""

UNKNOWN_RATE = (100.0, 20.0)
"""Of cards unknown to the door, for one source: a burst, and this many per second after it."""
KNOWN_RATE = (60.0, 20.0)
"""Of one card that the config names: ten times what a reader and its owner make of it. Without it,
whoever knows one card could fill the memory of ids, and shut everybody else out until they end."""
TIDY_EVERY = timedelta(seconds=1)


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

    def __init__(
        self,
        max_age_seconds: float,
        seen: Mapping[str, datetime],
        *,
        knows: Callable[[str], bool] = lambda _card: True,
    ) -> None:
        """`knows` says whether the config names a card; only others are held back by a rate."""
        self._max_age = timedelta(seconds=max_age_seconds)
        self._seen = dict(seen)
        self._knows = knows
        self._rates: dict[str, TokenBucket] = {}
        self._lock = threading.Lock()
        self._tidied_at: datetime | None = None

    def judge(
        self, message: ClaimMessage, *, source: ClaimSource, now: datetime, monotonic: float
    ) -> GateAnswer:
        """Judge one well-formed claim, whatever its source.

        `now` is the wall time of receipt (aware), `monotonic` the same moment in seconds; frames
        older than that prove nothing. Accepted when |now - time| is at most the configured age.
        """
        if not self._knows(message.card):
            if not self._has_a_place(f"{source.name} ", UNKNOWN_RATE, monotonic):
                return _refused("unknown cards are claimed faster than they can be denied")
        elif not self._has_a_place(message.card, KNOWN_RATE, monotonic):
            return _refused("one card is claimed faster than anybody can show it")
        until = now + 2 * self._max_age
        with self._lock:
            self._tidy(now)
            end = self._seen.get(message.id)
            if end is not None and end > now:
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

    def _has_a_place(self, whose: str, rate: tuple[float, float], monotonic: float) -> bool:
        """Count one claim of a source (its name and a blank, which no card holds) or of a card."""
        with self._lock:
            return self._rates.setdefault(whose, TokenBucket(*rate)).take(monotonic)

    def remember(self, seen: Mapping[str, datetime]) -> None:
        """Take in ids that the journal could not tell at the start, each with its end."""
        with self._lock:
            self._seen = {**seen, **self._seen}

    def _tidy(self, now: datetime) -> None:
        """Forget what has had its time; once a second, because it looks at every id.

        Also what a clock that ran ahead would keep for years: enough of it shuts everybody out.
        """
        if self._tidied_at is not None and abs(now - self._tidied_at) < TIDY_EVERY:
            return
        self._tidied_at = now
        last = now + REMEMBERED_AT_MOST
        self._seen = {name: end for name, end in self._seen.items() if now < end <= last}

    def change_max_age(self, max_age_seconds: float) -> None:
        """Use another age from now on (a reload)."""
        with self._lock:
            self._max_age = timedelta(seconds=max_age_seconds)


def _refused(problem: str) -> GateAnswer:
    return GateAnswer(verdict=Verdict.REFUSED, problem=problem)
