"""`edgeverify evaluate` without the command line: sources in, a report out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from edgeverify.errors import EvaluationError
from edgeverify.evaluation.as_json import plain
from edgeverify.evaluation.images.acquire import Problem, Progress, acquire
from edgeverify.evaluation.images.attributes import read_attributes
from edgeverify.evaluation.images.evaluation import Question, evaluate_gated
from edgeverify.evaluation.images.face_cache import FaceCache
from edgeverify.evaluation.images.folds import people_of, pick_folds, require_apart
from edgeverify.evaluation.images.material import (
    Material,
    PairedImages,
    folder_images,
    material,
    paired_images,
    passed_over,
)
from edgeverify.evaluation.images.pairs import Pair, read_pairs
from edgeverify.evaluation.images.view import Gates
from edgeverify.evaluation.instrument import Instrument
from edgeverify.evaluation.reports.images import ImageReport
from edgeverify.evaluation.reports.transactions import SequenceReport, judge_sequences
from edgeverify.evaluation.transactions.journal_scores import JournalReport, judge_journal
from edgeverify.how_many import how_many
from edgeverify.settings import Settings
from edgeverify.vision.dominance import FaceSelection


class Report(Protocol):
    """What an evaluation comes to."""

    def lines(self) -> list[str]:
        """For people."""

    def as_json(self) -> dict[str, Any]:
        """For programs."""

    def save_plots(self, folder: Path) -> tuple[Path, ...]:
        """Draw it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What is measured: exactly one of a folder, a pair list with images, a journal."""

    folder: Path | None = None
    pairs: Path | None = None
    images: Path | None = None
    journal: Path | None = None
    labels: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Job:
    """How it is measured. Folds count from 1; `cache` None keeps no embedding."""

    settings: Settings
    instrument: Instrument
    cache: Path | None
    report_folds: tuple[int, ...] = ()
    tune_folds: tuple[int, ...] = ()
    attributes: Path | None = None
    camera_column: str = ""
    people: Path | None = None
    enrol_frames: int = 3


def sources(
    *,
    data: Path | None,
    pairs: Path | None,
    images: Path | None,
    journal: Path | None,
    labels: Path | None,
) -> Sources:
    """Check what was given. EvaluationError unless it is one whole source."""
    given = [one for one in (data, pairs, journal) if one is not None]
    if len(given) != 1:
        raise EvaluationError(
            "name one thing to measure" if not given else "name only one thing to measure",
            advice="A folder per person, or --pairs with --images, or --journal with --labels.",
        )
    if (pairs is None) != (images is None):
        raise EvaluationError("--pairs and --images belong together")
    if (journal is None) != (labels is None):
        raise EvaluationError(
            "--journal and --labels belong together",
            advice="Without labels the journal knows the false match rate alone: `edgeverify "
            "calibrate --journal STATE`.",
        )
    return Sources(folder=data, pairs=pairs, images=images, journal=journal, labels=labels)


def selection(name: str) -> FaceSelection:
    """Read --face; EvaluationError."""
    try:
        return FaceSelection(name)
    except ValueError:
        known = ", ".join(one.value for one in FaceSelection)
        raise EvaluationError(f"--face {name!r}: choose one of {known}") from None


def folds(text: str, option: str) -> tuple[int, ...]:
    """Read "3,4"; EvaluationError."""
    if not text:
        return ()
    words = [word.strip() for word in text.split(",")]
    if not all(word.isdecimal() and int(word) > 0 for word in words):
        raise EvaluationError(f"{option} {text!r} is not a list of folds such as 3,4")
    return tuple(sorted({int(word) for word in words}))


def camera_column(name: str, attributes: Path | None) -> str:
    """Read --camera-column; EvaluationError without the table that it is a column of."""
    if name and attributes is None:
        raise EvaluationError(
            "--camera-column names a column of the table of --attributes",
            advice="Give a CSV with a column `image` (or `person`) and one for the camera.",
        )
    return name


def require_whole_pictures(*, aligned: bool, sequences: bool, journal: bool, gates: bool) -> None:
    """Refuse what chips that were cut before cannot be measured by. EvaluationError."""
    if not aligned:
        return
    asked = [
        option
        for option, given in (
            ("--sequences", sequences),
            ("--journal", journal),
            ("the quality gates", gates),
        )
        if given
    ]
    if asked:
        raise EvaluationError(
            f"--aligned does not go with {asked[0]}: no face is looked for in such pictures",
            advice="Give whole photos, without --aligned.",
        )


def image_report(given: Sources, job: Job, progress: Progress) -> ImageReport:
    """Measure a folder or a pair list, gates off and on. EvaluationError."""
    if given.pairs is not None and given.images is not None:
        paired = paired_images(read_pairs(given.pairs), given.images)
        found = _look(paired, job, progress)
        return _report(job, found, paired)
    if job.report_folds or job.tune_folds:
        raise EvaluationError("folds belong to a pair list: give --pairs and --images")
    if given.folder is None:
        raise EvaluationError("there is nothing to measure")
    return _report(job, look_at_folder(given.folder, job, progress), None)


def look_at_folder(folder: Path, job: Job, progress: Progress) -> Material:
    """Acquire a folder per person. EvaluationError."""
    images, left_out = folder_images(folder), passed_over(folder)
    with FaceCache(job.cache, job.instrument.key) as cache:
        seen, problems = acquire([i.path for i in images], job.instrument, cache, progress)
    return material(images, seen, (*left_out, *problems))


def look_at_pairs(
    pairs: Path, images: Path, job: Job, progress: Progress
) -> tuple[Material, PairedImages]:
    """Acquire the images of a pair list. EvaluationError."""
    paired = paired_images(read_pairs(pairs), images)
    return _look(paired, job, progress), paired


def _look(paired: PairedImages, job: Job, progress: Progress) -> Material:
    images = paired.images
    with FaceCache(job.cache, job.instrument.key) as cache:
        seen, problems = acquire([i.path for i in images], job.instrument, cache, progress)
    return material(images, seen, (*paired.missing, *problems))


def _report(job: Job, found: Material, paired: PairedImages | None) -> ImageReport:
    sets: dict[str, tuple[Material, tuple[Pair, ...], tuple[Pair, ...]]] = {}
    if paired is None:
        sets["all"] = (found, (), ())
    elif not (job.report_folds or job.tune_folds):
        sets["all"] = (found, paired.pairs, ())
    else:
        sets = _fold_sets(job, found, paired)
    point = job.instrument.point
    questions = {}
    for name, (part, pairs, tune) in sets.items():
        question = Question(
            material=part,
            metric=job.instrument.metric,
            threshold=point.threshold if point else None,
            gates=Gates.off(),
            paired=paired,
            pairs=pairs,
            tune=tune,
            tune_material=found,
            attributes=read_attributes(job.attributes, part) if job.attributes else None,
            camera_column=job.camera_column,
        )
        gates = Gates.on(job.settings.quality, job.settings.enrolment)
        prefix = "" if name == "all" else f"{name}, "
        if job.instrument.aligned:
            questions[f"{prefix}aligned before, no gates"] = question
            continue
        questions[f"{prefix}gates off"] = question
        questions[f"{prefix}gates on"] = replace(question, gates=gates)
    return ImageReport(
        facts=job.instrument.facts(),
        point=point,
        gates=None if job.instrument.aligned else job.settings.quality,
        enrolment_eye_distance=job.settings.enrolment.min_eye_distance_pixels,
        problems=(*found.problems, *_not_in_table(job, found)),
        measured={name: evaluate_gated(question) for name, question in questions.items()},
    )


def _not_in_table(job: Job, found: Material) -> Iterator[Problem]:
    """Yield what only the table of attributes has, or only the pictures."""
    if job.attributes is None:
        return
    read = read_attributes(job.attributes, found)
    if read.unknown:
        said = f"{read.unknown:,} of {len(found.paths):,} pictures have no row, and are in no group"
        yield Problem(path=job.attributes, problem=said)
    if read.unused:
        rows = how_many(len(read.unused), "row names", "rows name")
        said = f"{rows} no picture, the first {read.unused[0]}"
        yield Problem(path=job.attributes, problem=said)


def _fold_sets(
    job: Job, found: Material, paired: PairedImages
) -> dict[str, tuple[Material, tuple[Pair, ...], tuple[Pair, ...]]]:
    if not job.report_folds:
        raise EvaluationError(
            "--tune-folds without --report-folds: nothing would be reported",
            advice="Name folds that share nobody with them, such as --report-folds 3,4.",
        )
    report = pick_folds(paired.pairs, job.report_folds)
    tune = pick_folds(paired.pairs, job.tune_folds) if job.tune_folds else ()
    require_apart(tune, report)
    sets = {}
    if tune:
        # What thresholds were chosen on is printed too, at the other folds' threshold.
        sets["tuning folds"] = (found.restricted_to(people_of(tune)), tune, report)
    sets["reporting folds"] = (found.restricted_to(people_of(report)), report, tune)
    return sets


def sequence_report(given: Sources, job: Job, progress: Progress) -> SequenceReport:
    """Judge whole transactions on the runs of frames of a folder. EvaluationError."""
    if given.folder is None:
        raise EvaluationError("--sequences measures a folder of pictures in a row, or videos")
    with FaceCache(job.cache, job.instrument.key) as cache:
        return judge_sequences(
            given.folder,
            instrument=job.instrument,
            cache=cache,
            settings=job.settings,
            table=job.people,
            enrol_frames=job.enrol_frames,
            progress=progress,
        )


def journal_report(given: Sources) -> JournalReport:
    """Judge what a door wrote down, by labels. EvaluationError, JournalUnavailableError."""
    if given.journal is None or given.labels is None:
        raise EvaluationError("--journal and --labels belong together")
    return judge_journal(given.journal, given.labels)


def write(report: Report, folder: Path) -> tuple[Path, ...]:
    """Write the plots and `evaluation.json` into a folder. EvaluationError."""
    plots = report.save_plots(folder)
    target = folder / "evaluation.json"
    try:
        text = json.dumps(plain(report.as_json()), ensure_ascii=False, indent=1)
        # A picture's name need not be UTF-8.
        target.write_text(text + "\n", "utf-8", "backslashreplace")
    except OSError as error:
        raise EvaluationError(f"{target} cannot be written: {error.strerror}") from None
    return (*plots, target)
