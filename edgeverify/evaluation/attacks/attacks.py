"""Measure presentation attack detection on an owner's own material: one pass, all figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from edgeverify.comparison import fuse
from edgeverify.domain import Embedding
from edgeverify.errors import EvaluationError
from edgeverify.evaluation.attacks.door import DoorResult, DoorRules, present
from edgeverify.evaluation.attacks.poses import bpcer_by_pose
from edgeverify.evaluation.attacks.rates import PadRule, rates_of, windows_of
from edgeverify.evaluation.attacks.report import PadReport
from edgeverify.evaluation.attacks.scores import ScoredRun, score_run
from edgeverify.evaluation.frame_runs import FrameRun, find_runs, timed_frames
from edgeverify.liveness import LivenessPlan
from edgeverify.settings import PadSettings
from edgeverify.verifier.pipeline import Pipeline
from edgeverify.vision.pad import PadModel

ENROL_FRAMES = 3
ENROL_STEP = 10
"""Of a video, every tenth frame is tried until enough faces were usable."""
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class PadMaterial:
    """Where the presentations lie: bona fide ones, and attacks by species."""

    bona_fide: tuple[Path, ...]
    attacks: Mapping[str, tuple[Path, ...]]


def score_all(
    material: PadMaterial, pipeline: Pipeline, pad: PadModel, rules: PadSettings, progress: Progress
) -> tuple[ScoredRun, ...]:
    """Score every presentation. EvaluationError unless there are bona fide ones and attacks."""
    found: list[tuple[FrameRun, str | None]] = [
        (run, None) for root in material.bona_fide for run in find_runs(root)
    ]
    found += [
        (run, species)
        for species, roots in material.attacks.items()
        for root in roots
        for run in find_runs(root)
    ]
    if not material.bona_fide or not material.attacks:
        raise EvaluationError(
            "PAD is measured on both sides", advice="Name --bona-fide and at least one --attack."
        )
    scored = []
    for done, (run, species) in enumerate(found):
        progress(done, len(found), run.name)
        scored.append(score_run(run, species, pipeline, pad, rules))
    return tuple(scored)


def enrol_people(root: Path, pipeline: Pipeline) -> dict[str, Embedding]:
    """Make a reference of every person below `root`, from frames spread over their first run.

    A presentation claims the person whose name its path begins with, or, where only one is
    enrolled, that one. No gate refuses here. EvaluationError where somebody has no usable face.
    """
    people: dict[str, FrameRun] = {}
    for run in find_runs(root):
        people.setdefault(run.person, run)
    references = {}
    for person, run in people.items():
        usable = list(islice(_embeddings(run, pipeline), ENROL_FRAMES))
        if not usable:
            raise EvaluationError(f"{run.name} shows no face that can be enrolled")
        references[person] = fuse(usable)
    return references


def report(
    scored: Sequence[ScoredRun],
    *,
    rule: PadRule,
    door: DoorRules,
    references: Mapping[str, Embedding],
    pad_bundle: str,
    pipeline: Pipeline,
) -> PadReport:
    """Count everything. `door` has a passive plan; the control switches it off."""
    species = dict.fromkeys(run.species for run in scored)
    off = LivenessPlan(passive=False, challenge=False)
    open_door = replace(door, judge=replace(door.judge, plan=off))
    return PadReport(
        pad_bundle=pad_bundle,
        embedder=pipeline.embedder.name,
        rule=rule,
        min_eye_distance_pixels=pipeline.quality.min_eye_distance_pixels,
        rates=tuple(
            rates_of(name, [run for run in scored if run.species == name], rule) for name in species
        ),
        poses=bpcer_by_pose(scored, rule.threshold),
        door=_at_the_door(scored, references, door),
        door_without_pad=_at_the_door(scored, references, open_door),
    )


def values(scored: Sequence[ScoredRun], rule: PadRule, species: str | None) -> list[float]:
    """Return the mean P(live) of every window of one side, for the DET curve."""
    step = rule.window if species is None else 1
    windows = [
        window
        for run in scored
        if run.species == species
        for window in windows_of(run, rule, step=step)
    ]
    return [window.mean for window in windows if window.mean is not None]


def _at_the_door(
    scored: Sequence[ScoredRun], references: Mapping[str, Embedding], rules: DoorRules
) -> tuple[DoorResult, ...]:
    results = []
    for run in scored:
        reference = references.get(run.run.person)
        if reference is None and len(references) == 1:
            reference = next(iter(references.values()))
        if reference is not None:
            results.append(present(run, reference, rules))
    return tuple(results)


def _embeddings(run: FrameRun, pipeline: Pipeline) -> Iterator[Embedding]:
    step = ENROL_STEP if run.is_video else max(1, len(run.paths) // ENROL_FRAMES)
    for _, rgb in islice(timed_frames(run), 0, None, step):
        seen = pipeline.probe(rgb, side="reference")
        if seen.embedding is not None:
            yield seen.embedding
