"""False rejects and false accepts of whole transactions, counted over attempts and over people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edgeverify.comparison import fuse
from edgeverify.domain import Embedding
from edgeverify.evaluation.images.view import Failures, Gates, failures_of
from edgeverify.evaluation.statistics.bounds import Rate, clopper_pearson
from edgeverify.evaluation.transactions.attempts import Attempt, DoorPolicy, attempts
from edgeverify.evaluation.transactions.runs import SeenRun
from edgeverify.settings import QualitySettings


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionRate:
    """Errors of attempts, and over whom: the number of people limits what can be claimed.

    `over_attempts` has the 95 % interval as if attempts were independent, which those of one
    person are not; `over_people` counts people (for false accepts: pairs of people) with at least
    one error (`who`), whose interval holds for people drawn like these.
    """

    over_attempts: Rate
    over_people: Rate
    who: tuple[str, ...]
    reasons: tuple[tuple[str, int], ...]
    median_seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceFigures:
    """Under one state of the gates. None where there was no such attempt.

    `fta` are the frames that could not be compared; `not_enrolled` are runs without a
    frame fit to be a reference: every mated attempt on them is a false reject.
    """

    false_rejects: TransactionRate | None
    false_accepts: TransactionRate | None
    fta: Failures
    not_enrolled: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Crowd:
    """Everybody's runs under some gates: frames to verify, references to verify them against."""

    runs: tuple[SeenRun, ...]
    references: Mapping[str, Embedding]
    space: str
    gates: QualitySettings | None

    def judged(self, policy: DoorPolicy) -> SequenceFigures:
        """Let every run stand before the reference of every other run."""
        rejects = _Tally()
        accepts = _Tally()
        frames = {run.name: run.frames(self.gates, self.space) for run in self.runs}
        for reference in self.runs:
            for probe in self.runs:
                if probe is reference:
                    continue
                mated = probe.person == reference.person
                embedding = self.references.get(reference.name)
                if embedding is None:
                    if mated:
                        rejects.failed_to_enrol((probe.person,))
                    continue
                made = attempts(frames[probe.name], embedding, policy)
                if mated:
                    rejects.add((probe.person,), made, error=False)
                else:
                    accepts.add(tuple(sorted((probe.person, reference.person))), made, error=True)
        every = [frame for run in frames.values() for frame in run]
        return SequenceFigures(
            false_rejects=rejects.rate(),
            false_accepts=accepts.rate(),
            fta=failures_of([f.refusal.gate.value if f.refusal else None for f in every]),
            not_enrolled=tuple(r.name for r in self.runs if r.name not in self.references),
        )


class _Tally:
    """Counts attempts by whom they are of; an error is a grant (`error` True) or a denial."""

    def __init__(self) -> None:
        self._by_whom: dict[tuple[str, ...], list[bool]] = {}
        self._reasons: Counter[str] = Counter()
        self._seconds: list[float] = []

    def add(self, whom: tuple[str, ...], made: Sequence[Attempt], *, error: bool) -> None:
        for attempt in made:
            self._by_whom.setdefault(whom, []).append(attempt.granted is error)
            self._reasons[attempt.reason.value] += 1
            if attempt.granted:
                self._seconds.append(attempt.seconds)

    def failed_to_enrol(self, whom: tuple[str, ...]) -> None:
        self._by_whom.setdefault(whom, []).append(True)
        self._reasons["failure to enrol"] += 1

    def rate(self) -> TransactionRate | None:
        errors = [error for several in self._by_whom.values() for error in several]
        if not errors:
            return None
        people = [any(several) for several in self._by_whom.values()]
        return TransactionRate(
            over_attempts=clopper_pearson(sum(errors), len(errors)),
            over_people=clopper_pearson(sum(people), len(people)),
            who=tuple(
                " and ".join(whom) for whom, several in self._by_whom.items() if any(several)
            ),
            reasons=tuple(self._reasons.most_common()),
            median_seconds=float(np.median(self._seconds)) if self._seconds else None,
        )


def crowd_of(runs: tuple[SeenRun, ...], space: str, gates: Gates, enrol_frames: int) -> Crowd:
    """Enrol `enrol_frames` frames of every run, spread over those fit to be a photo."""
    references = {}
    for run in runs:
        usable = [
            frame.embedding
            for frame in run.frames(gates.reference, space, "reference")
            if frame.embedding is not None
        ]
        if usable:
            steps = np.unique(np.linspace(0, len(usable) - 1, enrol_frames).round().astype(int))
            references[run.name] = fuse([usable[step] for step in steps])
    return Crowd(runs=runs, references=references, space=space, gates=gates.probe)
