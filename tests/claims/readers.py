"""A reader's thread on a stage: what it claims, what it refuses, what it says of its reader."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

from edgeverify.claims import ClaimGate, ClaimIntake, ClaimTopic, SourceKind, Surroundings
from edgeverify.domain import Claim, ClaimSource
from edgeverify.settings import ClaimSettings


@dataclass
class Desk:
    """`cards` are those claimed, `refused` counts what was not, `away` is what is said last."""

    folder: Path = Path()
    claims: list[Claim] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)

    @property
    def cards(self) -> list[str]:
        return [claim.card for claim in self.claims]

    @property
    def away(self) -> str:
        return self.health[-1] if self.health else "not begun"

    def surroundings(self) -> Surroundings:
        ids = (f"c-{number}" for number in itertools.count(1))
        intake = ClaimIntake(
            ClaimGate(10.0, {}),
            self._take,
            wall=lambda: datetime.now(timezone.utc),
            monotonic=lambda: 100.0,
            new_id=lambda: next(ids),
            counted=self.refused.append,
            taken=lambda: None,
        )
        return Surroundings(
            intake=intake,
            topic=ClaimTopic(not_heard=lambda: None),
            folder=self.folder,
            reader_health=self._health,
        )

    def _take(self, claim: Claim) -> bool:
        self.claims.append(claim)
        return True

    def _health(self, _source: ClaimSource, problem: str) -> None:
        self.health.append(problem)


@contextmanager
def reading(kind: SourceKind, settings: dict[str, object], folder: Path = Path()) -> Iterator[Desk]:
    """Run one source as the daemon does; `settings` are those of `claims:`."""
    desk = Desk(folder)
    chosen = ClaimSettings.model_validate({"sources": (kind.source.name,), **settings})
    assert kind.start is not None
    running = kind.start(chosen, desk.surroundings())
    try:
        yield desk
    finally:
        running.stop()
    assert desk.away == "", "who was stopped is not away"
