"""Whole transactions across sessions, what a door does: lines, JSON, plot.

The plot shows FRR and FAR of transactions against the threshold.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeverify.errors import EvaluationError
from edgeverify.evaluation.as_json import plain
from edgeverify.evaluation.images.acquire import Problem, Progress
from edgeverify.evaluation.images.face_cache import FaceCache
from edgeverify.evaluation.images.lines import failures
from edgeverify.evaluation.images.view import Gates
from edgeverify.evaluation.instrument import Instrument
from edgeverify.evaluation.transactions.attempts import DoorPolicy
from edgeverify.evaluation.transactions.figures import (
    Crowd,
    SequenceFigures,
    TransactionRate,
    crowd_of,
)
from edgeverify.evaluation.transactions.runs import look_at_runs
from edgeverify.settings import QualitySettings, Settings

_FRR, _FAR = "#0072b2", "#d55e00"


def save_sequence_plot(
    folder: Path,
    thresholds: NDArray[np.float64],
    rates: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    *,
    at: float,
    title: str,
) -> tuple[Path, ...]:
    """Write PNG and SVG; `rates` holds FRR and FAR by state of the gates. EvaluationError."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - heavy

    figure = Figure(figsize=(7, 5), layout="constrained")
    axes = figure.subplots()
    for (name, (rejects, accepts)), line in zip(rates.items(), ("-", "--", ":"), strict=False):
        axes.plot(thresholds, 100 * np.array(rejects), line, color=_FRR, label=f"FRR, {name}")
        axes.plot(thresholds, 100 * np.array(accepts), line, color=_FAR, label=f"FAR, {name}")
    axes.axvline(at, color="black", lw=1, ls=":", label="the door's threshold")
    axes.set_xlabel("threshold of one comparison")
    axes.set_ylabel("transactions (%)")
    axes.set_ylim(0, 100)
    axes.set_title(f"Whole transactions, {title}")
    axes.grid(visible=True, alpha=0.3)
    axes.legend()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        made = tuple(folder / f"transactions.{form}" for form in ("png", "svg"))
        for path in made:
            figure.savefig(str(path), format=path.suffix[1:], dpi=120)
    except OSError as error:
        raise EvaluationError(f"a plot in {folder} cannot be written: {error.strerror}") from None
    return made


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
        """Return the report for people."""
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
                f"{rules.timeout_seconds:g} s, threshold {self.policy.threshold:.4f} for "
                f"references of {self.enrol_frames} photos (of one photo: {self.evidence})"
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
        """Return the report for programs."""
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
        highest = 1.0 if self.policy.metric == "cosine" else self.policy.threshold + 0.3
        thresholds = np.linspace(self.policy.threshold - 0.2, highest, 26)
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
        threshold=instrument.point.threshold_for(enrol_frames),
        metric=instrument.metric,
        decision=settings.decision,
    )
    space = instrument.verifier.embedding_space
    crowds = {
        "gates off": crowd_of(runs, space, Gates.off(), enrol_frames),
        "gates on": crowd_of(
            runs, space, Gates.on(settings.quality, settings.enrolment), enrol_frames
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
