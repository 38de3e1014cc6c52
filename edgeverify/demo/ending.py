"""How a scene ended, whether that is right, and in words why it is not the usual ending."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edgeverify.demo.scenes import Scene
from edgeverify.demo.visit import Answer
from edgeverify.domain import Reason
from edgeverify.journal.reading import DecisionRow, find
from edgeverify.liveness import MIN_FRAMES_PER_SECOND, TOO_SLOW


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
                f"{self._rate()}, and {MIN_FRAMES_PER_SECOND:g} a second are needed to follow one "
                "face through a challenge. A door that cannot tell life denies."
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
        return f"{rate:.1f} frames a second"

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
