"""The parts of a door that a PAD evaluation needs, opened as the daemon opens them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edgeverify.errors import EvaluationError
from edgeverify.evaluation.attacks.door import DoorRules
from edgeverify.evaluation.attacks.rates import PadRule
from edgeverify.liveness import JudgeRules, LivenessPlan
from edgeverify.models.folders import models_directory
from edgeverify.progress import download_bar
from edgeverify.settings import Settings
from edgeverify.verifier.pipeline import Pipeline
from edgeverify.verifier.verifier import Verifier, open_verifier
from edgeverify.vision.pad import PadModel


@dataclass(frozen=True, slots=True, kw_only=True)
class PadBench:
    """Stages and rules. `rules` has a passive plan; a probe by the pipeline runs no PAD."""

    verifier: Verifier
    pipeline: Pipeline
    pad: PadModel
    rules: DoorRules

    def fusion(self, window: int) -> PadRule:
        """Return the door's own fusion over windows of this many frames."""
        judge = self.rules.judge
        return PadRule(
            threshold=judge.pad_threshold, min_frames=judge.pad.min_frames, window=window
        )

    def close(self) -> None:
        """Free everything."""
        self.pipeline.close()
        self.verifier.close()


def open_bench(
    settings: Settings, folder: Path, environ: Mapping[str, str], *, threshold: float | None
) -> PadBench:
    """Open embedder and PAD bundle; `folder` is what relative paths start from.

    `threshold` None: as set, else the bundle's operating point. EvaluationError without a PAD
    bundle or a threshold, BundleError for a broken one.
    """
    passive = settings.model_copy(update={"liveness": "passive"})
    with download_bar() as progress:
        verifier = open_verifier(passive, folder, models_directory(environ), progress=progress)
    try:
        return _bench(verifier, passive, threshold)
    except BaseException:
        verifier.close()
        raise


def _bench(verifier: Verifier, settings: Settings, threshold: float | None) -> PadBench:
    if not isinstance(verifier.pad, PadModel):
        why = "; ".join(notice.detail for notice in verifier.notices) or "it is not installed"
        raise EvaluationError(
            f"the PAD bundle {settings.model.pad_bundle} cannot be measured: {why}",
            advice=f"Run `edgeverify models fetch {settings.model.pad_bundle}`.",
        )
    at = verifier.pad_threshold(settings) if threshold is None else threshold
    if not 0.0 < at < 1.0:
        raise EvaluationError(
            "there is no threshold to measure at: the PAD bundle has no operating point",
            advice="Name one, such as --threshold 0.5.",
        )
    point = verifier.point(settings)
    rules = DoorRules(
        threshold=point.threshold,
        metric=verifier.bundle.metric,
        decision=settings.decision,
        judge=JudgeRules(
            plan=LivenessPlan(passive=True, challenge=False),
            pad=settings.pad,
            pad_threshold=at,
            challenge=settings.challenge,
            required_matches=settings.decision.required_matches,
        ),
    )
    return PadBench(
        verifier=verifier,
        pipeline=verifier.open_pipeline(settings),
        pad=verifier.pad,
        rules=rules,
    )
