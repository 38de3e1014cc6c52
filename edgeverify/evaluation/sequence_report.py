"""False rejects and false accepts of whole transactions, across sessions: what a door does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from edgeverify.comparison import fuse
from edgeverify.domain import Embedding
from edgeverify.errors import EvaluationError
from edgeverify.evaluation.accuracy_lines import failures
from edgeverify.evaluation.acquire import Problem, Progress
from edgeverify.evaluation.as_json import plain
from edgeverify.evaluation.attempts import Attempt, DoorPolicy, attempts
from edgeverify.evaluation.bounds import Rate, clopper_pearson
from edgeverify.evaluation.face_cache import FaceCache
from edgeverify.evaluation.instrument import Instrument
from edgeverify.evaluation.sequence_plot import save_sequence_plot
from edgeverify.evaluation.sequence_runs import SeenRun, look_at_runs
from edgeverify.evaluation.view import Failures, Gates, failures_of
from edgeverify.settings import QualitySettings, Settings


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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SequenceReport:
    """Transactions with the gates off and on; lines, JSON, plot."""

    facts: Mapping[str, str]
    policy: DoorPolicy
    evidence: str
    gates: QualitySettings
    people: int
    runs: int
    enrol_frames: int
    problems: tuple[Problem, ...]
    crowds: Mapping[str, Crowd]
    measured: Mapping[str, SequenceFigures]

    def lines(self) -> list[str]:
        """Give the report for people."""
        rules = self.policy.decision
        how = (
            f"{rules.required_matches} of {rules.window_frames}"
            if rules.fusion == "votes"
            else f"mean of {rules.window_frames}"
        )
        said = [
            ", ".join(f"{name} {value}" for name, value in self.facts.items()),
            (
                f"policy: {how}, at most {rules.max_comparisons} comparisons, "
                f"{rules.timeout_seconds:g} s, threshold {self.policy.threshold:.4f} "
                f"({self.evidence})"
            ),
            (
                f"{self.runs} runs of {self.people} people; references of {self.enrol_frames} "
                "frames of one run, attempts on every other run; liveness: not part of this"
            ),
            "gates, when on: "
            + ", ".join(f"{name}={value:g}" for name, value in self.gates.model_dump().items()),
        ]
        said += [f"left out: {one.path}: {one.problem}" for one in self.problems]
        for name, found in self.measured.items():
            said += [
                "",
                f"== {name} ==",
                f"frames not compared (FTA): {failures(found.fta)}",
            ]
            said += [f"no frame of {run} can be enrolled" for run in found.not_enrolled]
            said += _rate_lines("FRR (failures to acquire included)", "people", found.false_rejects)
            said += _rate_lines("FAR", "pairs of people", found.false_accepts)
        return said

    def as_json(self) -> dict[str, Any]:
        """Give the report for programs."""
        return {
            "facts": dict(self.facts),
            "threshold": self.policy.threshold,
            "evidence": self.evidence,
            "decision": self.policy.decision.model_dump(mode="json"),
            "gates": self.gates.model_dump(mode="json"),
            "people": self.people,
            "runs": self.runs,
            "enrol_frames": self.enrol_frames,
            "left_out": plain(self.problems),
            "measured": {name: plain(found) for name, found in self.measured.items()},
        }

    def save_plots(self, folder: Path) -> tuple[Path, ...]:
        """Draw FRR and FAR against the threshold. EvaluationError."""
        thresholds = np.linspace(self.policy.threshold - 0.2, self.policy.threshold + 0.3, 26)
        curves = {
            name: [
                crowd.judged(replace(self.policy, threshold=float(threshold)))
                for threshold in thresholds
            ]
            for name, crowd in self.crowds.items()
        }
        rates = {
            name: (
                [_value(one.false_rejects) for one in judged],
                [_value(one.false_accepts) for one in judged],
            )
            for name, judged in curves.items()
        }
        return save_sequence_plot(
            folder, thresholds, rates, at=self.policy.threshold, title=self.facts["model"]
        )


def judge_sequences(
    root: Path,
    *,
    instrument: Instrument,
    cache: FaceCache,
    settings: Settings,
    table: Path | None,
    enrol_frames: int,
    progress: Progress,
) -> SequenceReport:
    """Look at all runs below `root` and judge transactions across runs. EvaluationError."""
    if instrument.point is None:
        raise EvaluationError(
            "the bundle has no threshold for the rate that was asked for",
            advice="Name one by hand (--threshold), or measure one: edgeverify calibrate.",
        )
    runs, problems = look_at_runs(root, instrument, cache, table=table, progress=progress)
    people = Counter(run.person for run in runs)
    if not runs or (len(people) < 2 and max(people.values()) < 2):
        raise EvaluationError(
            "there is nothing to compare: one run of one person",
            advice="Give several runs of a person, or several people.",
        )
    policy = DoorPolicy(
        threshold=instrument.point.threshold,
        metric=instrument.metric,
        decision=settings.decision,
    )
    crowds = {
        "gates off": _crowd(runs, instrument, Gates.off(), enrol_frames),
        "gates on": _crowd(
            runs, instrument, Gates.on(settings.quality, settings.enrolment), enrol_frames
        ),
    }
    return SequenceReport(
        facts=instrument.facts(),
        policy=policy,
        evidence=instrument.point.evidence,
        gates=settings.quality,
        people=len(people),
        runs=len(runs),
        enrol_frames=enrol_frames,
        problems=problems,
        crowds=crowds,
        measured={name: crowd.judged(policy) for name, crowd in crowds.items()},
    )


def _crowd(
    runs: tuple[SeenRun, ...], instrument: Instrument, gates: Gates, enrol_frames: int
) -> Crowd:
    space = instrument.brain.embedding_space
    references = {}
    for run in runs:
        usable = [
            frame.embedding
            for frame in run.frames(gates.reference, space)
            if frame.embedding is not None
        ]
        if usable:
            steps = np.unique(np.linspace(0, len(usable) - 1, enrol_frames).round().astype(int))
            references[run.name] = fuse([usable[step] for step in steps])
    return Crowd(runs=runs, references=references, space=space, gates=gates.probe)


def _value(found: TransactionRate | None) -> float:
    return float("nan") if found is None else found.over_attempts.value


def _rate_lines(name: str, whom: str, found: TransactionRate | None) -> list[str]:
    if found is None:
        return [f"{name}: no such attempt in this material"]
    each, people = found.over_attempts, found.over_people
    seconds = "" if found.median_seconds is None else f", grants after {found.median_seconds:.1f} s"
    return [
        (
            f"{name}: {each.value:.2%}, {each.errors} of {each.count} attempts "
            f"(95 % if they were independent: {each.lower:.2%} to {each.upper:.2%}){seconds}"
        ),
        (
            f"  {whom} with one or more: {people.errors} of {people.count} "
            f"(so at most {people.upper:.0%} of such {whom}, at 95 %)"
            f"{': ' + ', '.join(found.who[:10]) if found.who else ''}"
        ),
        f"  outcomes: {', '.join(f'{reason} {count}' for reason, count in found.reasons)}",
    ]
