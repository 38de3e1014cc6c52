"""What became of everybody in the config: for the log, `check-config`, the status topic."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from edgeverify.enrolment.likeness import LookAlike, lines_of
from edgeverify.errors import EdgeverifyError


def with_advice(error: EdgeverifyError) -> str:
    """Return what is wrong and what to do about it, as sentences in one line."""
    return f"{error.problem}. {error.advice.rstrip('.')}." if error.advice else error.problem


class Change(str, Enum):
    """What happened to one person's reference."""

    ENROLLED = "enrolled"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REMOVED = "removed"
    REFUSED = "refused"
    """There is no usable reference; the door denies this card."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryReport:
    """One person. `problems` cost a photo (or the whole reference), `warnings` did not."""

    card: str
    name: str
    change: Change
    photo_count: int = 0
    camera_photo_count: int = 0
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """How the person is named in lines for people."""
        return f"card {self.card} ({self.name})"


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentReport:
    """Everybody, in the config's order, then the removed; and who looks like whom."""

    entries: tuple[EntryReport, ...] = ()
    look_alikes: tuple[LookAlike, ...] = ()

    def count(self, change: Change) -> int:
        """Return how many people this happened to."""
        return sum(entry.change is change for entry in self.entries)

    @property
    def problems(self) -> tuple[str, ...]:
        """A line for each thing that somebody must put right, naming entry and reason."""
        return tuple(
            f"{entry.label}: {problem}" for entry in self.entries for problem in entry.problems
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        """A line for each thing worth knowing, and one for each likeness."""
        own = [f"{entry.label}: {text}" for entry in self.entries for text in entry.warnings]
        return (*own, *lines_of(self.look_alikes))

    @property
    def refused(self) -> tuple[str, ...]:
        """The cards that have no usable reference: the door denies them."""
        return tuple(entry.card for entry in self.entries if entry.change is Change.REFUSED)

    @property
    def summary(self) -> str:
        """One line with the counts."""
        counted = [(change, self.count(change)) for change in Change]
        return ", ".join(f"{number} {change.value}" for change, number in counted if number) or (
            "nobody in the config"
        )
