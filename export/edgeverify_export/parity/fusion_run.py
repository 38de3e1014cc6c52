"""Parity of a fusion: each of its networks by itself, and the embedding that a door compares.

Two networks that each decide alike need not do so together: what is decided at a door is the
cosine of both embeddings side by side, at the fusion's own threshold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from edgeverify.bundle.fusion import FusionBundle, concatenated
from edgeverify.bundle.manifest import Precision
from edgeverify_export.parity.backends import NotRun
from edgeverify_export.parity.figures import all_failures, compare
from edgeverify_export.parity.run import ParityReport, run_parity
from edgeverify_export.parity.trial import Answers, Trial, choose

Form = tuple[str, Precision]


def run_fusion_parity(
    bundle: FusionBundle,
    trial: Trial,
    *,
    checkpoint: Path | None = None,
    threshold: float | None = None,
    flips_needed: bool = True,
    show: bool = True,
) -> ParityReport:
    """Put the same faces through every form of every network, then compare them side by side.

    `threshold` is of the fusion's score; its networks alone are judged at their own. Forms that
    one of the networks has not are named as not run. The failures of all are the report's.
    """
    parts = tuple(
        run_parity(part, trial, checkpoint=checkpoint, flips_needed=flips_needed, show=show)
        for part in bundle.parts
    )
    baseline = _beside([part.baseline for part in parts], bundle.weights)
    forms: list[Mapping[Form, Answers]] = [
        {(one.name, one.precision): one for one in part.answers} for part in parts
    ]
    shared = [form for form in forms[0] if all(form in each for each in forms)]
    wholes = [_beside([each[form] for each in forms], bundle.weights) for form in shared]
    answers = (baseline, *(one for one in wholes if (one.name, one.precision) != _form(baseline)))
    chosen = choose(bundle, baseline, trial, threshold)
    value = None if chosen is None else chosen.value
    comparisons = tuple(
        compare(baseline, other, trial, bundle.manifest, value) for other in answers[1:]
    )
    own = [f"{part.bundle.name}: {line}" for part in parts for line in part.failures]
    whole = [
        f"the networks together: {line}"
        for line in all_failures(comparisons, flips_needed=flips_needed)
    ]
    return ParityReport(
        bundle=bundle,
        trial=trial,
        baseline=baseline,
        answers=answers,
        comparisons=comparisons,
        not_run=_lacking(bundle, forms, shared),
        threshold=chosen,
        feeding=None,
        failures=(*own, *whole),
        parts=parts,
    )


def _form(answers: Answers) -> Form:
    return answers.name, answers.precision


def _beside(parts: Sequence[Answers], weights: Sequence[float]) -> Answers:
    """Set the networks' answers side by side, as the door does, under all their names."""
    names = " and ".join(dict.fromkeys(part.name for part in parts))
    return Answers(
        name=names,
        precision=parts[0].precision,
        values=concatenated([part.values for part in parts], weights),
        extremes=concatenated([part.extremes for part in parts], weights),
    )


def _lacking(
    bundle: FusionBundle, forms: Sequence[Mapping[Form, Answers]], shared: Sequence[Form]
) -> tuple[NotRun, ...]:
    every = dict.fromkeys(form for each in forms for form in each)
    return tuple(
        NotRun(
            f"{form[0]} {form[1]}",
            "not in "
            + ", ".join(
                part.name
                for part, each in zip(bundle.parts, forms, strict=True)
                if form not in each
            ),
        )
        for form in every
        if form not in shared
    )
