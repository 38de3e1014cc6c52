"""Claims without a reader: a room's one occupant (`fixed`), or whoever walks up (`walk_up`)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from edgeverify.domain import Claim, ClaimSource
from edgeverify.settings import ClaimSettings


class StandingClaims:
    """Makes a new claim whenever somebody could be there and the pause is over.

    Asked by the door's loop while nothing runs. `new_id` makes claim ids (random, so that an id
    never comes twice, not even after a restart). Of `fixed` and `walk_up` the first one listed
    counts where both are set: a walk-up attempt would shadow the occupant's easier threshold.
    """

    def __init__(self, settings: ClaimSettings, new_id: Callable[[], str]) -> None:
        self._settings = settings
        self._new_id = new_id
        self._not_before = float("-inf")
        self._source = next(
            (ClaimSource(name) for name in settings.sources if name in {"fixed", "walk_up"}), None
        )

    @property
    def is_used(self) -> bool:
        """True where the config names one of the two."""
        return self._source is not None

    def next(self, *, face_seen: bool, now: datetime, monotonic: float) -> Claim | None:
        """Return a claim, or None while nobody is seen or the last decision is too recent.

        `face_seen` says whether the idle loop saw a face just now; without it an empty room would
        be denied `no_face` day and night.
        """
        if self._source is None or not face_seen or monotonic < self._not_before:
            return None
        return Claim(
            id=self._new_id(),
            card=self._settings.fixed_card if self._source is ClaimSource.FIXED else "",
            issued_at=now,
            received_at=monotonic,
            source=self._source,
        )

    def decided(self, *, monotonic: float) -> None:
        """Begin the pause after a decision."""
        self._not_before = monotonic + self._settings.retry_pause_seconds
