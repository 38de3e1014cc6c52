"""A config folder with real faces in it, and what a synchronisation says of its people."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

from edgeverify.domain import OperatingPoint, Reference
from edgeverify.enrolment import EnrolmentReport, EntryReport, PhotoJudge, synchronise
from edgeverify.references import ReferenceStore
from edgeverify.settings import Settings
from edgeverify.verifier.pipeline import Pipeline

LOOKS_ALIKE = OperatingPoint(threshold=0.45, max_fmr=None, evidence="by hand")
"""Written by hand for these photos."""


NOW = datetime(2026, 11, 22, 12, 0, tzinfo=timezone.utc)


FACES = "faces_misc/ageitgey/examples"


TRAIN = f"{FACES}/knn_examples/train"


PEOPLE = {
    "obama.jpg": f"{TRAIN}/obama/obama.jpg",
    "obama2.jpg": f"{TRAIN}/obama/obama2.jpg",
    "biden.jpg": f"{FACES}/biden.jpg",
    "rose.jpg": f"{TRAIN}/rose_leslie/img1.jpg",
    "two.jpg": f"{FACES}/two_people.jpg",
    "tiny.jpg": f"{FACES}/obama-240p.jpg",
    "small.jpg": f"{FACES}/obama_small.jpg",
}


@dataclass
class Door:
    """A config folder, its people, and a store."""

    folder: Path
    pipeline: Pipeline
    store: ReferenceStore
    people: dict[str, dict[str, object]] = field(default_factory=dict)
    seen: list[tuple[int, int, str]] = field(default_factory=list)

    def admit(self, card: str, name: str, *photos: str) -> None:
        self.people[card] = {"card": card, "name": name, "photos": photos}

    def synchronise(self, *, only: set[str] | None = None) -> EnrolmentReport:
        settings = Settings.model_validate({"staff": list(self.people.values())})
        return synchronise(
            settings,
            self.folder,
            self.store,
            PhotoJudge.using(self.pipeline, point=LOOKS_ALIKE),
            now=NOW,
            progress=lambda *step: self.seen.append(step),
            only=only,
        )

    def reference(self, card: str) -> Reference:
        """What the door would compare with."""
        return self.store.load(self.pipeline.embedder.embedding_space).usable[card]

    @property
    def usable(self) -> set[str]:
        return set(self.store.load(self.pipeline.embedder.embedding_space).usable)


def entry(report: EnrolmentReport, card: str) -> EntryReport:
    return next(entry for entry in report.entries if entry.card == card)


def changes(report: EnrolmentReport) -> dict[str, str]:
    return {entry.card: entry.change.value for entry in report.entries}
