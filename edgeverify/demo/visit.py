"""One visit to the demo's door: a claim goes in, prompts and the decision come out.

How fast this machine is, so that the demo waits long enough on a slow one; and how a scene ended,
whether that is right, and in words why it is not the usual ending.
"""

from __future__ import annotations

import json
import math
import statistics
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from edgeverify.client import EventChecker, Feed
from edgeverify.demo.scenes import Scene
from edgeverify.domain import Outcome, Reason, RgbImage
from edgeverify.errors import BrokerError, EventError
from edgeverify.events import ClaimMessage, Topics, encode_claim
from edgeverify.journal.reading import DecisionRow, find
from edgeverify.liveness import MIN_FRAMES_PER_SECOND, TOO_SLOW
from edgeverify.settings import DecisionSettings
from edgeverify.verifier.pipeline import Pipeline

LOOKS = 3
FRAMES_NEEDED = 12
"""Of a walk-up film: some while the face is still far away, then enough to compare and match."""


def seconds_a_frame(pipeline: Pipeline, frame: RgbImage) -> float:
    """Measure how long one frame with a face takes, in seconds: the median of a few."""
    taken = []
    for _ in range(LOOKS):
        began = time.perf_counter()
        pipeline.probe(frame)
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def timeout_seconds(per_frame: float) -> float:
    """Return how long a door waits for a face here: as shipped, or longer on a slow machine."""
    usual = DecisionSettings().timeout_seconds
    return min(60.0, max(usual, float(math.ceil(FRAMES_NEEDED * per_frame))))


ANSWER_SECONDS = 90.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a subscriber saw of one claim; `milliseconds` from sending it to the event's arrival."""

    outcome: Outcome
    reason: Reason
    event_id: str
    milliseconds: float


def visit(
    feed: Feed, topics: Topics, checker: EventChecker, card: str, asked: Callable[[str], None]
) -> Answer:
    """Send a claim as a reader would, and wait for the signed, checked decision.

    `asked` is told each prompt. Raises BrokerError when no decision comes.
    """
    refused = ""
    claim = ClaimMessage(id=uuid.uuid4().hex, card=card, issued_at=_now())
    began = time.monotonic()
    feed.publish(topics.claim, encode_claim(claim, source="/edgeverify/demo-reader"))
    while (left := began + ANSWER_SECONDS - time.monotonic()) > 0:
        message = feed.next(left)
        if message is None:
            break
        if message.topic == topics.prompt:
            asked(str(json.loads(message.payload).get("text", "")))
            continue
        try:
            event = checker.check(message.payload, now=_now(), is_retained=message.is_retained)
        except EventError as error:
            refused = f"; the last event was refused: {error.problem}"
            continue
        if event.decision.claim_id == claim.id:
            return Answer(
                outcome=event.decision.outcome,
                reason=event.decision.reason,
                event_id=event.decision.event_id,
                milliseconds=(time.monotonic() - began) * 1000,
            )
    raise BrokerError(
        f"no decision within {ANSWER_SECONDS:g} s{refused}",
        advice="The daemon's log says what it did meanwhile.",
    )


def _now() -> datetime:
    return datetime.now(timezone.utc)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """A scene, what a subscriber saw of it, and what the door's journal says of it."""

    scene: Scene
    answer: Answer
    row: DecisionRow | None

    @property
    def was_too_slow(self) -> bool:
        """Whether the door itself says that frames came too slowly to tell life."""
        return self.row is not None and self.row.details.get("challenge_failure") == TOO_SLOW

    @property
    def is_right(self) -> bool:
        """Whether it ended as it must on this machine."""
        if self.answer.outcome is not self.scene.outcome:
            return False
        if self.answer.reason is Reason.LIVENESS_UNAVAILABLE and self.was_too_slow:
            return self.scene.needs_life
        return self.answer.reason in self.scene.expected

    @property
    def note(self) -> str:
        """Why it did not end as it usually does, in words; empty where it did."""
        if self.answer.outcome is self.scene.outcome and self.answer.reason in self.scene.expected:
            return ""
        if self.is_right:
            return (
                f"{self.scene.title}: {self.answer.reason.value}, because this machine looked at "
                f"{self._rate()}, and {MIN_FRAMES_PER_SECOND:g} per second are needed to follow "
                "one face through a challenge. A door that cannot tell life denies."
            )
        wanted = " or ".join(reason.value for reason in self.scene.expected)
        return (
            f"{self.scene.title}: should have ended with {self.scene.outcome.value} ({wanted}), "
            f"and ended with {self.answer.outcome.value} ({self.answer.reason.value}). "
            f"{self._counts()}"
        )

    def _rate(self) -> str:
        if self.row is None or self.row.duration_seconds <= 0:
            return "too few frames"
        rate = int(self.row.details["frames"] or 0) / self.row.duration_seconds
        return f"{rate:.1f} frames per second"

    def _counts(self) -> str:
        row = self.row
        if row is None:
            return "The journal does not have it."
        return (
            f"The door looked at {row.details.get('frames')} frames in "
            f"{row.duration_seconds:.1f} s, compared {row.comparisons} of them, "
            f"and {row.matches} matched."
        )


def ended(scene: Scene, answer: Answer, journal: Path) -> Ending:
    """Put an answer beside what the door wrote down. Raises JournalUnavailableError."""
    return Ending(scene=scene, answer=answer, row=find(journal, answer.event_id))
