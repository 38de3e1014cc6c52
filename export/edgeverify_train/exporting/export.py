"""A run's best weights as a bundle, compared with themselves, with thresholds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from edgeverify_export.assemble import models_of, rewrite
from edgeverify_export.export_checkpoint import export_checkpoint
from edgeverify_export.parity.outcome import record_parity
from edgeverify_export.parity.run import ParityReport, run_parity
from edgeverify_export.parity.trial import scores

from edgeverify.bundle.loading import Bundle, load_bundle
from edgeverify.errors import CheckpointError, EvaluationError, ParityError
from edgeverify.progress import Step, step_silently
from edgeverify_train.exporting import held_out
from edgeverify_train.feeding import statement_of
from edgeverify_train.origin import weakness
from edgeverify_train.recipe import Recipe
from edgeverify_train.run_folder import RunFolder

if TYPE_CHECKING:
    from edgeverify.bundle.measured_point import MeasuredPoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """A bundle that was made; `suggested` is a threshold by hand where `points` are none.

    `suggested_on` says in words what that rests on; `no_points` why there are none.
    """

    bundle: Bundle
    remarks: tuple[str, ...]
    parity: ParityReport | None
    points: tuple[MeasuredPoint, ...]
    no_points: str
    suggested: float | None
    suggested_on: str


def export_run(
    recipe: Recipe,
    run: RunFolder,
    output: Path,
    *,
    licence: str,
    date: str,
    step: Step = step_silently,
) -> Exported:
    """Make the bundle; errors leave nothing behind but the bundle where a threshold failed.

    An FP16 graph that decides otherwise than FP32 is left out and said; FP32 that does not answer
    as PyTorch does is a ParityError.
    """
    if not run.best.is_file():
        raise CheckpointError(
            f"{run.best} is not there: no epoch of this run was finished",
            advice=f"Run: edgeverify-train resume {quote(str(run.folder))}",
        )
    people = held_out.held_out_people(recipe, run)
    made = export_checkpoint(
        run.best,
        recipe.network.arch,
        output,
        statement_of(recipe),
        name=recipe.name,
        licence=licence,
        step=step,
    )
    bundle = _marked(made.bundle, recipe, run)
    if people is None:
        why = "the run held nobody out: edgeverify calibrate FOLDER measures them"
        return _exported(bundle, made.remarks, None, why)
    step("comparing the forms of the network")
    bundle, report, remark = _compared(bundle, people, run)
    step("choosing thresholds on the people who were held out")
    remarks = (*made.remarks, *remark)
    try:
        points = held_out.measure_points(bundle.folder, people, name=recipe.name, date=date)
    except EvaluationError as error:
        return _exported(bundle, remarks, report, error.problem)
    return replace(_exported(load_bundle(output), remarks, report, ""), points=points)


def _exported(
    bundle: Bundle, remarks: tuple[str, ...], report: ParityReport | None, why: str
) -> Exported:
    chosen = None if report is None else report.threshold
    reached = "" if report is None or chosen is None else _reached(report, chosen.value)
    return Exported(
        bundle=bundle,
        remarks=remarks,
        parity=report,
        points=(),
        no_points=why,
        suggested=None if chosen is None else chosen.value,
        suggested_on="" if chosen is None else f"{chosen.source}; {reached}",
    )


def _reached(report: ParityReport, threshold: float) -> str:
    """Return how many of the right people a threshold by hand would let in."""
    trial = report.trial
    found = scores(report.baseline.values, trial, report.bundle.manifest)[trial.mated]
    matched = int((found >= threshold).sum())
    if not matched:
        return f"none of {len(found)} mated pairs reaches it, so it lets nobody in"
    return f"{matched} of {len(found)} mated pairs reach it"


def _marked(bundle: Bundle, recipe: Recipe, run: RunFolder) -> Bundle:
    """Write into the manifest what the training knows: the feeding is its own, and its people."""
    weak = weakness(recipe, run)
    notes = f"trained by the recipe {recipe.name}; {bundle.manifest.notes}"
    # Training, measuring and door feed by one code path: no statement could be wrong.
    return rewrite(bundle, models_of(bundle), weak=weak, notes=notes, feeding_verified=True)


def _compared(
    bundle: Bundle, people: held_out.HeldOutPeople, run: RunFolder
) -> tuple[Bundle, ParityReport, tuple[str, ...]]:
    report = run_parity(
        bundle, held_out.parity_trial(people), checkpoint=run.best, try_feedings=False, show=True
    )
    failures = report.failures
    if not failures:
        record_parity(report)
        return load_bundle(bundle.folder), report, ()
    if any("fp16" not in failure for failure in failures):
        raise ParityError(f"parity of {bundle.name} failed", advice=failures[0])
    kept = rewrite(bundle, {"fp32": bundle.model_bytes("fp32")})
    return kept, report, (f"FP16 left out: {failures[0]}",)
