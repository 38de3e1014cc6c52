"""One run of parity, from a bundle and real faces to a report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edgeverify.bundle.fusion import EmbedderBundle
from edgeverify.bundle.loading import Bundle
from edgeverify.errors import ParityError
from edgeverify.how_many import how_many
from edgeverify.progress import counted
from edgeverify.runtime.onnxruntime.session import OnnxRuntimeSession
from edgeverify_export.assemble import extreme_chips
from edgeverify_export.parity.backends import NotRun, open_all, open_embedder
from edgeverify_export.parity.feeding_check import FeedingCheck, check_feeding
from edgeverify_export.parity.figures import Comparison, all_failures, compare
from edgeverify_export.parity.trial import Answers, Chosen, Trial, ask, choose


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ParityReport:
    """Everything that one run found; `parts` are a fusion's networks, each by itself."""

    bundle: EmbedderBundle
    trial: Trial
    baseline: Answers
    answers: tuple[Answers, ...]
    comparisons: tuple[Comparison, ...]
    not_run: tuple[NotRun, ...]
    threshold: Chosen | None
    feeding: FeedingCheck | None
    failures: tuple[str, ...]
    parts: tuple[ParityReport, ...] = ()


def run_parity(
    bundle: Bundle,
    trial: Trial,
    *,
    checkpoint: Path | None = None,
    threshold: float | None = None,
    flips_needed: bool = True,
    try_feedings: bool = True,
    show: bool = True,
) -> ParityReport:
    """Put the same faces through every form of the network and compare with the first.

    `try_feedings` False leaves out the other ways of feeding, where nothing was stated by hand.
    """
    manifest = bundle.manifest
    extremes = extreme_chips(manifest.feeding.size)

    cutting = counted(trial.faces, "cutting chips", show=show)
    chips = [face.chip(manifest.feeding, manifest.aligns_by) for face in cutting]
    answers: list[Answers] = []
    not_run: list[NotRun] = []
    for opened in open_all(bundle, open_embedder(bundle, checkpoint)):
        if isinstance(opened, NotRun):
            not_run.append(opened)
            continue
        try:
            words = f"{opened.name} {opened.precision}"
            answers.append(ask(opened, manifest, counted(chips, words, show=show), extremes))
        finally:
            opened.close()
    if not answers:
        raise ParityError("no form of the network could be run: nothing was compared")
    baseline = answers[0]
    chosen = choose(bundle, baseline, trial, threshold)
    value = None if chosen is None else chosen.value
    comparisons = tuple(compare(baseline, other, trial, manifest, value) for other in answers[1:])
    feeding = _feeding(bundle, trial, show=show) if try_feedings else None
    # A wrong statement first: what follows is measured on faces fed wrongly.
    failures = [] if feeding is None else feeding.failures
    failures += all_failures(comparisons, flips_needed=flips_needed)
    if baseline.nan_count:
        failures.append(f"{baseline.name}: {how_many(baseline.nan_count, 'answer')} with NaN")
    return ParityReport(
        bundle=bundle,
        trial=trial,
        baseline=baseline,
        answers=tuple(answers),
        comparisons=comparisons,
        not_run=tuple(not_run),
        threshold=chosen,
        feeding=feeding,
        failures=tuple(failures),
    )


def _feeding(bundle: Bundle, trial: Trial, *, show: bool) -> FeedingCheck | None:
    if not trial.has_pairs:
        return None
    session = OnnxRuntimeSession(
        bundle.model_bytes("fp32"), device="cpu", precision="fp32", threads=2
    )
    try:
        return check_feeding(session, bundle.manifest, trial, show=show)
    finally:
        session.close()
