"""One run of parity over a PAD bundle, from real faces to a report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgeverify.bundle.loading import PadBundle
from edgeverify.bundle.manifest import Precision
from edgeverify.errors import ParityError
from edgeverify.feeding.preprocessing import Batch
from edgeverify.progress import counted
from edgeverify.runtime.session import Session
from edgeverify_export.parity.backends import NotRun, open_all, open_liveness
from edgeverify_export.parity.pad_figures import (
    PadAnswers,
    PadComparison,
    compare_pad,
    pad_failures,
)
from edgeverify_export.parity.pad_trial import PadTrial
from edgeverify_export.parity.threshold import Chosen

_Form = tuple[str, Precision]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PadParityReport:
    """Everything that one run found."""

    bundle: PadBundle
    trial: PadTrial
    baseline: PadAnswers
    answers: tuple[PadAnswers, ...]
    comparisons: tuple[PadComparison, ...]
    not_run: tuple[NotRun, ...]
    threshold: Chosen | None
    failures: tuple[str, ...]


def run_pad_parity(
    bundle: PadBundle,
    trial: PadTrial,
    *,
    checkpoints: Path | None = None,
    threshold: float | None = None,
    flips_needed: bool = True,
    show: bool = True,
) -> PadParityReport:
    """Put the same crops through every form of every network and compare with the first."""
    forms: dict[_Form, list[tuple[Batch, Batch]]] = {}
    missing: dict[str, NotRun] = {}
    for index, graph in enumerate(bundle.networks):
        for opened in open_all(graph, open_liveness(graph, checkpoints)):
            if isinstance(opened, NotRun):
                missing.setdefault(opened.name, opened)
                continue
            try:
                asked = _ask(opened, trial, index, graph.name, show=show)
                forms.setdefault((opened.name, opened.precision), []).append(asked)
            finally:
                opened.close()
    whole = [_answers(form, parts) for form, parts in forms.items() if _is_whole(parts, bundle)]
    if not whole:
        raise ParityError("no form of the networks could be run: nothing was compared")
    baseline, others = whole[0], whole[1:]
    chosen = _threshold(bundle, threshold)
    value = None if chosen is None else chosen.value
    live = bundle.manifest.live_index
    comparisons = tuple(compare_pad(baseline, other, live, value) for other in others)
    failures = [
        line for one in comparisons for line in pad_failures(one, flips_needed=flips_needed)
    ]
    if not comparisons:
        failures.append("nothing was compared: the bundle has one form only")
    if baseline.nan_count:
        failures.append(f"{baseline.name}: {baseline.nan_count} answers with NaN")
    return PadParityReport(
        bundle=bundle,
        trial=trial,
        baseline=baseline,
        answers=tuple(whole),
        comparisons=comparisons,
        not_run=tuple(missing.values()),
        threshold=chosen,
        failures=tuple(failures),
    )


def _ask(
    session: Session, trial: PadTrial, index: int, name: str, *, show: bool
) -> tuple[Batch, Batch]:
    words = f"{name}: {session.name} {session.precision}"
    crops = counted(trial.faces[index], words, show=show)
    faces = np.concatenate([session.run(crop[None]) for crop in crops])
    return faces, np.concatenate([session.run(crop[None]) for crop in trial.extremes])


def _is_whole(parts: list[tuple[Batch, Batch]], bundle: PadBundle) -> bool:
    # What only some of the networks answered says nothing of their fused answer.
    return len(parts) == len(bundle.networks)


def _answers(form: _Form, parts: list[tuple[Batch, Batch]]) -> PadAnswers:
    return PadAnswers(
        name=form[0],
        precision=form[1],
        values=tuple(faces for faces, _ in parts),
        extremes=tuple(extremes for _, extremes in parts),
    )


def _threshold(bundle: PadBundle, by_hand: float | None) -> Chosen | None:
    if by_hand is not None:
        return Chosen(by_hand, "given by --threshold")
    points = bundle.operating_points
    if points is None or not points.points:
        return None
    return Chosen(points.points[0].threshold, "the bundle's operating point")
