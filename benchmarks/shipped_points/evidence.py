"""What the shipped thresholds rest on, kept beside them: every score that could matter, counted.

Of each set of comparisons the scores from some threshold on are kept in steps of 0.0001, which are
the steps that thresholds have; all below are a count. So whoever doubts a shipped point can choose
it again (`tests/models/test_shipped_points.py` does). No score says whose it is.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from edgeverify.evaluation.images.calibration import Evidence, Group, above

FOLDER = Path("docs/accuracy/evidence")
STEP = 1e-4
_RATE = 1e-3
"""Thresholds of this rate and of smaller ones can be chosen again."""

_SPAN = 3000
"""Mated scores so many steps above the first one are above every threshold."""


class Tail(BaseModel):
    """Scores of one set: how many there are, and those from `start` on by step of 0.0001.

    `scores` are pairs of (step, how many), rising: the highest threshold that such a score reaches,
    as `calibration.above` reads it, so one within a millionth below a step stands on it. What is
    above every threshold stands at the last step.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    count: int
    start: int
    scores: tuple[tuple[int, int], ...]

    @classmethod
    def of(
        cls, values: NDArray[np.float32] | NDArray[np.float64], start: int, stop: int | None = None
    ) -> Tail:
        """Count the scores of a set; those from step `stop` on as one."""
        kept = values[values >= start * STEP].tolist()
        steps = [round(above(score) / STEP) - 1 if math.isfinite(score) else -1 for score in kept]
        found = Counter(step if stop is None else min(step, stop) for step in steps)
        return cls(count=len(values), start=start, scores=tuple(sorted(found.items())))

    def at_least(self, threshold: float) -> int:
        """Count the scores that reach a threshold of four digits; ValueError below `start`."""
        step = round(threshold / STEP)
        if step < self.start:
            raise ValueError(f"scores are kept from {self.start * STEP:.4f} on")
        return sum(count for score, count in self.scores if score >= step)

    def ascending(self) -> NDArray[np.float32]:
        """Return as many scores, float32 (n,); those below `start` are all -1."""
        kept = [score * STEP + STEP / 2 for score, count in self.scores for _ in range(count)]
        below = np.full(self.count - len(kept), -1.0, np.float32)
        return np.concatenate([below, np.array(kept, np.float32)])


class KeptGroup(BaseModel):
    """Comparisons within one group of people."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    people: int
    pairs_of_people: int
    non_mated: Tail

    def group(self) -> Group:
        """Return it as the product has groups."""
        return Group(
            name=self.name,
            non_mated=self.non_mated.ascending(),
            people=self.people,
            pairs_of_people=self.pairs_of_people,
        )


class KeptEvidence(BaseModel):
    """One set of people as one kind of comparison saw it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    dataset: str
    people: int
    pairs_of_people: int
    group_factor: float
    non_mated: Tail
    mated: Tail
    groups: tuple[KeptGroup, ...] = ()

    @classmethod
    def of(cls, evidence: Evidence) -> KeptEvidence:
        """Keep what was measured, from the threshold of the loosest rate that is kept on."""
        count = len(evidence.non_mated)
        loosest = evidence.non_mated[max(0, count - math.ceil(_RATE * count) - 1)]
        start = math.floor(float(loosest) / STEP)
        return cls(
            dataset=evidence.dataset,
            people=evidence.people,
            pairs_of_people=evidence.pairs_of_people,
            group_factor=evidence.group_factor,
            non_mated=Tail.of(evidence.non_mated, start),
            mated=Tail.of(evidence.mated, start, start + _SPAN),
            groups=tuple(
                KeptGroup(
                    name=group.name,
                    people=group.people,
                    pairs_of_people=group.pairs_of_people,
                    non_mated=Tail.of(group.non_mated, start),
                )
                for group in evidence.groups
            ),
        )

    def evidence(self) -> Evidence:
        """Return it as the product has evidence."""
        return Evidence(
            dataset=self.dataset,
            non_mated=self.non_mated.ascending(),
            mated=self.mated.ascending().astype(np.float64),
            people=self.people,
            pairs_of_people=self.pairs_of_people,
            groups=tuple(group.group() for group in self.groups),
            group_factor=self.group_factor,
        )


class KeptFile(BaseModel):
    """`docs/accuracy/evidence/NAME.json`: pairs of a set chosen on and one checked on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str
    embedding_space: str
    single: tuple[KeptEvidence, KeptEvidence]
    several: dict[int, tuple[KeptEvidence, KeptEvidence]]
    mean: tuple[KeptEvidence, KeptEvidence]

    @classmethod
    def read(cls, root: Path, name: str) -> KeptFile:
        """Read what was kept of a model."""
        return cls.model_validate_json((root / FOLDER / f"{name}.json").read_text("utf-8"))


def two(sides: Sequence[Evidence]) -> tuple[KeptEvidence, KeptEvidence]:
    """Keep both sides."""
    one, other = (KeptEvidence.of(side) for side in sides)
    return one, other
