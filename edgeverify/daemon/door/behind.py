"""Who comes behind somebody that was let in: looked at for two seconds, and only a hint."""

from __future__ import annotations

from datetime import datetime

from edgeverify.daemon.door.attempt import Attempt
from edgeverify.daemon.door.records import Records
from edgeverify.domain import Frame, Notice, NoticeKind
from edgeverify.policy.house_rules import SecondPerson
from edgeverify.verifier.pipeline import Pipeline

SMALLEST = 0.5
"""Of `quality.min_eye_distance_pixels`: faces that are smaller are people far behind."""


class Behind:
    """Used by the door's thread alone. What it finds changes no decision."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._watch: tuple[SecondPerson, Attempt] | None = None

    @property
    def is_watching(self) -> bool:
        """Whether somebody was let in just now, and the house wants to know who follows."""
        return self._watch is not None

    def stop(self) -> None:
        """Look no more: somebody else holds up a card of their own."""
        self._watch = None

    def granted(self, attempt: Attempt, card: str, now: float) -> None:
        """Begin to look, where `rules.second_person` says so; `now` is on the camera's clock."""
        rules = attempt.situation.settings.rules
        if rules.second_person and attempt.claim.source.is_card_reader:
            watched = SecondPerson(
                event_id=self._records.last_event_id,
                card=card,
                granted_at=now,
                seconds=rules.second_person_seconds,
            )
            self._watch = watched, attempt

    def look(self, frame: Frame | None, eyes: Pipeline, *, now: float, at: datetime) -> None:
        """Take in a frame, None where none came; `at` is the wall time of `now`."""
        if self._watch is None:
            return
        watched, attempt = self._watch
        if frame is not None:
            watched = self._seen(frame, eyes, watched, attempt)
        self._watch = None if watched.is_over(now) else (watched, attempt)
        if watched.is_told:
            kind = NoticeKind.SECOND_PERSON
            self._records.tell(
                Notice(
                    id=f"{watched.event_id}-{kind.value}",
                    door=attempt.situation.settings.door,
                    kind=kind,
                    card=watched.card,
                    event_id=watched.event_id,
                    at=at,
                )
            )

    def _seen(
        self, frame: Frame, eyes: Pipeline, watched: SecondPerson, attempt: Attempt
    ) -> SecondPerson:
        situation = attempt.situation
        smallest = SMALLEST * situation.settings.quality.min_eye_distance_pixels
        faces = sum(box.eye_distance >= smallest for box in eyes.look(frame, twice=False))
        is_other = False
        if faces == 1:
            point = situation.point_for(attempt.claim.source)
            comparison = eyes.observe(frame, attempt.references, point).comparison
            is_other = comparison is not None and not comparison.is_match
        return watched.observe(frame.captured_at, faces=faces, is_other=is_other)
