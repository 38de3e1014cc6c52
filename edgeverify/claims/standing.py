"""Claims without a reader, begun by a face: a room's one occupant, or whoever walks up."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from edgeverify.claims.source import SourceKind
from edgeverify.domain import Claim
from edgeverify.settings import ClaimSettings


class StandingClaims:
    """Makes a new claim whenever somebody could be there and the pause is over.

    Asked by the door's loop while nothing runs. `new_id` makes claim ids (random, so that an id
    never comes twice, not even after a restart). Of several kinds that a face begins, the first
    one listed counts: a walk-up attempt would shadow the occupant's easier threshold.
    """

    def __init__(
        self, settings: ClaimSettings, kinds: Iterable[SourceKind], new_id: Callable[[], str]
    ) -> None:
        self._settings = settings
        self._new_id = new_id
        self._not_before = float("-inf")
        self._kind = next((kind for kind in kinds if kind.card_for_face is not None), None)

    @property
    def is_used(self) -> bool:
        """True where the config names a source that a face begins."""
        return self._kind is not None

    def next(self, *, face_seen: bool, now: datetime, monotonic: float) -> Claim | None:
        """Return a claim, or None while nobody is seen or the last decision is too recent.

        `face_seen` says whether the idle loop saw a face just now; without it an empty room would
        be denied `no_face` day and night.
        """
        if self._kind is None or not face_seen or monotonic < self._not_before:
            return None
        card_for_face = self._kind.card_for_face
        if card_for_face is None:
            return None
        return Claim(
            id=self._new_id(),
            card=card_for_face(self._settings),
            issued_at=now,
            received_at=monotonic,
            source=self._kind.source,
        )

    def decided(self, *, monotonic: float) -> None:
        """Begin the pause after a decision."""
        self._not_before = monotonic + self._settings.retry_pause_seconds
