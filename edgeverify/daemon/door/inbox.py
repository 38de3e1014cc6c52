"""Claims on their way from wherever they were made to the door's loop."""

from __future__ import annotations

import threading
from collections import Counter, deque

from edgeverify.domain import Claim

CAPACITY = 32
"""More claims than this wait in one lane only in an attack or a broken reader."""
SAME_CARD = 4
"""Of them, for one card: whoever repeats one card fills no lane."""


class Inbox:
    """Two bounded, thread-safe lanes of checked claims: cards that the door knows come first."""

    def __init__(self) -> None:
        self._known: deque[Claim] = deque()
        self._unknown: deque[Claim] = deque()
        self._arrived = threading.Condition()

    def put(self, claim: Claim, *, is_known: bool = True) -> bool:
        """Hand over a claim that passed its checks; False when an older one had to go."""
        lane = self._known if is_known else self._unknown
        with self._arrived:
            is_full = _make_room(lane, claim.card)
            lane.append(claim)
            self._arrived.notify_all()
        return not is_full

    def take(self) -> Claim | None:
        """Return the oldest claim for a known card, else the oldest of the others, or None."""
        with self._arrived:
            lane = self._known or self._unknown
            return lane.popleft() if lane else None

    def wait(self, timeout_seconds: float) -> None:
        """Return when a claim waits, at the latest after the time-out."""
        with self._arrived:
            if not len(self):
                self._arrived.wait(timeout_seconds)

    def __len__(self) -> int:
        return len(self._known) + len(self._unknown)


def _make_room(lane: deque[Claim], card: str) -> bool:
    """Take one claim out where there is no place; return whether one had to go."""
    if sum(claim.card == card for claim in lane) >= SAME_CARD:
        crowd = card
    elif len(lane) >= CAPACITY:
        # Of those with the most claims, the one whose claim is the oldest.
        crowd = Counter(claim.card for claim in lane).most_common(1)[0][0]
    else:
        return False
    oldest = next(number for number, claim in enumerate(lane) if claim.card == crowd)
    del lane[oldest]
    return True
