"""APCER and BPCER (ISO/IEC 30107-3), per frame, per window of frames, and per presentation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgeverify.domain import Liveness
from edgeverify.evaluation.attacks.scores import ScoredFrame, ScoredRun
from edgeverify.evaluation.statistics.bounds import clopper_pearson
from edgeverify.liveness.passive import PadFusion


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Errors out of this many, the rate, and its one-sided 95 % upper bound (Clopper-Pearson)."""

    errors: int
    count: int
    not_judged: int = 0

    @property
    def rate(self) -> float | None:
        """Errors by count, 0 to 1; None where nothing was judged."""
        return self.errors / self.count if self.count else None

    @property
    def upper_95(self) -> float | None:
        """What the true rate is below with 95 % confidence; None where nothing was judged."""
        # One-sided at 95 % is the upper end of the two-sided interval at 90 %.
        return clopper_pearson(self.errors, self.count, 0.9).upper if self.count else None


@dataclass(frozen=True, slots=True, kw_only=True)
class PadRule:
    """How frames become a verdict: the door's own fusion over windows of this many frames."""

    threshold: float
    min_frames: int
    window: int

    def verdict(self, frames: Sequence[ScoredFrame]) -> Liveness:
        """Return the fused verdict over some frames: passed as soon as it would have been."""
        fusion = PadFusion(threshold=self.threshold, min_frames=self.min_frames)
        for frame in frames:
            fusion = fusion.observe(frame.live_probability)
            if fusion.verdict is Liveness.PASSED:
                return Liveness.PASSED
        judged = len(fusion.probabilities) >= self.min_frames
        return Liveness.PRESENTATION_ATTACK if judged else Liveness.PENDING


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """One window of a run: its number, its frames' verdict, and their mean P(live)."""

    run: str
    first_frame: int
    verdict: Liveness
    mean: float | None


def windows_of(scored: ScoredRun, rule: PadRule, *, step: int) -> tuple[Window, ...]:
    """Cut a run into windows, one beginning every `step` frames; a rest that is too short is left.

    A run shorter than one window is one window.
    """
    last = max(1, len(scored.frames) - rule.window + 1)
    windows = []
    for first in range(0, last, step):
        frames = scored.frames[first : first + rule.window]
        known = [f.live_probability for f in frames if f.live_probability is not None]
        windows.append(
            Window(
                run=scored.run.name,
                first_frame=first,
                verdict=rule.verdict(frames),
                mean=sum(known) / len(known) if known else None,
            )
        )
    return tuple(windows)


@dataclass(frozen=True, slots=True, kw_only=True)
class PadRates:
    """Error rates of one species (APCER) or of bona fide (BPCER).

    For an attack an error is 'taken for live', and a run is lost when any of its windows, at
    whatever frame it begins, was; for bona fide it is 'refused', over windows side by side.
    """

    species: str | None
    runs: int
    frames: int
    per_frame: Share
    per_window: Share
    per_run: Share
    refused_windows: tuple[Window, ...]


def rates_of(species: str | None, scored: Sequence[ScoredRun], rule: PadRule) -> PadRates:
    """Count the errors of one species, or of bona fide (`species` None)."""
    is_attack = species is not None
    windows = [windows_of(run, rule, step=1 if is_attack else rule.window) for run in scored]
    wrong = Liveness.PASSED if is_attack else Liveness.PRESENTATION_ATTACK
    probabilities = [p for run in scored for p in run.probabilities]
    frames = sum(len(run.frames) for run in scored)
    taken_wrong = sum((p >= rule.threshold) == is_attack for p in probabilities)
    every = [window for of_run in windows for window in of_run]
    return PadRates(
        species=species,
        runs=len(scored),
        frames=frames,
        per_frame=Share(
            errors=taken_wrong, count=len(probabilities), not_judged=frames - len(probabilities)
        ),
        per_window=_share([[window.verdict] for window in every], wrong),
        per_run=_share([[window.verdict for window in of_run] for of_run in windows], wrong),
        refused_windows=tuple(window for window in every if window.verdict is wrong),
    )


def _share(groups: Sequence[Sequence[Liveness]], wrong: Liveness) -> Share:
    judged = [group for group in groups if any(v is not Liveness.PENDING for v in group)]
    return Share(
        errors=sum(wrong in group for group in judged),
        count=len(judged),
        not_judged=len(groups) - len(judged),
    )
