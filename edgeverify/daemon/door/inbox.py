"""Claims on their way from wherever they were made to the door's loop."""

from __future__ import annotations

import threading
from collections import deque

from edgeverify.domain import Claim

CAPACITY = 32
"""More claims than this wait only in an attack or a broken reader; the oldest is dropped."""


class Inbox:
    """A bounded, thread-safe queue of checked claims."""

    def __init__(self) -> None:
        self._claims: deque[Claim] = deque(maxlen=CAPACITY)
        self._arrived = threading.Condition()

    def put(self, claim: Claim) -> bool:
        """Hand over a claim that passed its checks; False when an older one had to go."""
        with self._arrived:
            was_full = len(self._claims) == CAPACITY
            self._claims.append(claim)
            self._arrived.notify_all()
        return not was_full

    def take(self) -> Claim | None:
        """Return the oldest waiting claim, or None."""
        with self._arrived:
            return self._claims.popleft() if self._claims else None

    def wait(self, timeout_seconds: float) -> None:
        """Return when a claim waits, at the latest after the time-out."""
        with self._arrived:
            if not self._claims:
                self._arrived.wait(timeout_seconds)

    def __len__(self) -> int:
        return len(self._claims)
