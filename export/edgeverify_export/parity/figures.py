"""How far one form of a network is from another, in figures (pure).

Decisions that changed are told apart from rounding, and from what few of them can tell.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeverify.bundle.manifest import ParityFigures, Precision
from edgeverify.errors import ParityError
from edgeverify.how_many import how_many
from edgeverify_export.parity import trial as trials
from edgeverify_export.sessions import cosine_rows

MAX_FLIPPED: Mapping[Precision, float] = {"fp32": 0.0005, "fp16": 0.0005, "int8": 0.005}
"""Share of decisions that may change, by precision."""

_ROUNDING_STEPS = 32
"""Float32 steps that two correct computations of one score may lie apart.

PyTorch and ONNX Runtime in FP32 were seen to differ by 2.5e-7, two steps at a cosine of 1; deeper
networks add up more. 32 steps are 3.8e-6, far below what moves an error rate.
"""


@dataclass(frozen=True, slots=True)
class Flips:
    """Decisions that changed; `within_rounding` are those whose score moved by rounding only."""

    real: int
    within_rounding: int


def count_flips(
    before: NDArray[np.float64], after: NDArray[np.float64], threshold: float, *, scale: float = 1.0
) -> Flips:
    """Count decisions that differ at the threshold; an answer of NaN is always a flip.

    `scale` is the magnitude of the numbers that the scores come from: 1 for cosines and
    probabilities, the embeddings' length for distances.
    """
    rounding = _ROUNDING_STEPS * float(np.finfo(np.float32).eps) * max(scale, abs(threshold))
    differs = ((before >= threshold) != (after >= threshold)) | ~np.isfinite(after)
    moved = ~(np.abs(before - after) <= rounding)
    real = int(np.count_nonzero(differs & moved))
    return Flips(real, int(np.count_nonzero(differs)) - real)


def too_few(flipped: int | None, tried: int, precision: Precision, what: str) -> str | None:
    """Return what so few decisions can tell, in words; None where they resolve the allowed share.

    One flip among n is a share of 1/n, so fewer than 1/share cannot show a share that is allowed
    and not zero. What they tell is the two-sided 95 % Clopper-Pearson interval. `what` names the
    decisions: pairs, or faces.
    """
    allowed = MAX_FLIPPED[precision]
    needed = math.ceil(1 / allowed)
    if flipped is None or tried == 0 or tried >= needed:
        return None
    seen = f"{flipped} of {tried} flipped"
    try:
        # scipy, of the [evaluate] extra: `fp16` and `int8` work without it.
        from edgeverify.evaluation.statistics.bounds import clopper_pearson  # noqa: PLC0415
    except ImportError:
        told = seen
    else:
        rate = clopper_pearson(flipped, tried)
        told = (
            f"{seen} tells a share between {rate.lower * 100:.2g} % and {rate.upper * 100:.2g} % "
            "(95 %)"
        )
    return f"too few {what} to tell {allowed * 100:g} %: {told}; give {needed} {what} or more"


MIN_COSINE: Mapping[Precision, float] = {"fp32": 0.9999, "fp16": 0.999, "int8": 0.99}


def failures(comparison: Comparison, *, flips_needed: bool) -> list[str]:
    """Return what one back end fails on; empty where it passes. Nothing compared is a failure.

    The cosine of black, white and noise is reported and not gated: they are not faces, a door
    refuses them before, and INT8 is calibrated on faces. That none of them may begin to match a
    face, or answer with NaN, is.
    """
    where = f"{comparison.name} {comparison.precision}"
    if comparison.faces == 0:
        return [f"{where}: nothing was compared"]
    found = []
    cosine, flipped = MIN_COSINE[comparison.precision], MAX_FLIPPED[comparison.precision]
    if not comparison.min_cosine >= cosine:
        found.append(
            f"{where}: cosine {comparison.min_cosine:.6f} at worst, at least {cosine} is needed"
        )
    if comparison.nan_count:
        found.append(f"{where}: {how_many(comparison.nan_count, 'answer')} with NaN")
    if comparison.extremes_flipped:
        found.append(
            f"{where}: black, white or noise decided otherwise "
            f"{how_many(comparison.extremes_flipped, 'time')}"
        )
    if comparison.flipped_share is None:
        if flips_needed:
            wanted = "--threshold, or --pairs of two people too" if comparison.pairs else "--pairs"
            found.append(
                f"{where}: flipped decisions not run; give {wanted}, or --no-flips to do without"
            )
    elif comparison.flipped_share > flipped:
        told = comparison.too_few_pairs
        found.append(
            f"{where}: {comparison.flipped} of {comparison.pairs} decisions flipped "
            f"({comparison.flipped_share:.3%}), at most {flipped:.2%} may"
            f"{'' if told is None else f'; {told}'}"
        )
    return found


def all_failures(comparisons: Sequence[Comparison], *, flips_needed: bool) -> list[str]:
    """Return what all back ends fail on; a run that compared nothing fails."""
    if not comparisons:
        return ["nothing was compared: the bundle has one form only"]
    return [line for one in comparisons for line in failures(one, flips_needed=flips_needed)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One back end beside the baseline.

    `flipped` counts decisions that changed at the threshold, None where there were no pairs.
    `within_rounding` counts pairs on either side of it whose score moved by no more than float32
    rounding does: those are not flips.
    `max_score_difference` is over the pairs, or over all faces with all where there are none.
    `extremes_min_cosine` is over black, white and noise; `extremes_flipped` counts decisions
    between them and every face that changed at the threshold, None without one.
    """

    name: str
    precision: Precision
    min_cosine: float
    mean_cosine: float
    max_score_difference: float
    flipped: int | None
    pairs: int
    faces: int
    nan_count: int
    extremes_min_cosine: float
    extremes_flipped: int | None = None
    within_rounding: int = 0

    @property
    def flipped_share(self) -> float | None:
        """Flipped decisions over pairs."""
        return None if self.flipped is None else self.flipped / self.pairs

    @property
    def too_few_pairs(self) -> str | None:
        """What so few pairs can tell, where they cannot resolve the allowed share."""
        return too_few(self.flipped, self.pairs, self.precision, "pairs")

    def as_manifest(self) -> ParityFigures:
        """Return the figures as a bundle records them."""
        return ParityFigures(
            precision=self.precision,
            min_cosine=round(self.min_cosine, 6),
            mean_cosine=round(self.mean_cosine, 6),
            max_score_difference=round(self.max_score_difference, 6),
            flipped_share=self.flipped_share,
            faces=self.faces,
            pairs=self.pairs,
        )


def compare(
    baseline: trials.Answers,
    other: trials.Answers,
    trial: trials.Trial,
    manifest: trials.Comparing,
    threshold: float | None,
) -> Comparison:
    """Compare embeddings, scores and, at the threshold, decisions.

    ParityError where there is nothing to compare. A pair with NaN on either side is a flip.
    """
    if not len(baseline.values) or baseline.values.shape != other.values.shape:
        raise ParityError("two sets of answers to other faces: nothing was compared")
    cosine = cosine_rows(baseline.values, other.values)
    scale = _scale(baseline, manifest)
    flips: Flips | None = None
    if trial.has_pairs:
        before = trials.scores(baseline.values, trial, manifest)
        after = trials.scores(other.values, trial, manifest)
        if threshold is not None:
            flips = count_flips(before, after, threshold, scale=scale)
    else:
        before = trials.all_scores(baseline.values, manifest)
        after = trials.all_scores(other.values, manifest)
    differences = np.abs(before - after)
    worst = float(differences.max()) if differences.size else 0.0
    return Comparison(
        name=other.name,
        precision=other.precision,
        min_cosine=float(cosine.min()),
        mean_cosine=float(cosine.mean()),
        max_score_difference=worst if np.isfinite(worst) else float(np.finfo(np.float32).max),
        flipped=None if flips is None else flips.real,
        within_rounding=0 if flips is None else flips.within_rounding,
        pairs=len(trial.probes),
        faces=len(cosine),
        nan_count=other.nan_count,
        extremes_min_cosine=float(cosine_rows(baseline.extremes, other.extremes).min()),
        extremes_flipped=None
        if threshold is None
        else count_flips(
            trials.extreme_scores(baseline, manifest),
            trials.extreme_scores(other, manifest),
            threshold,
            scale=scale,
        ).real,
    )


def _scale(baseline: trials.Answers, manifest: trials.Comparing) -> float:
    """Return the magnitude of what a score is made of: a cosine of unit vectors, or a distance."""
    if manifest.metric == "cosine":
        return 1.0
    lengths = np.linalg.norm(baseline.values.astype(np.float64), axis=1)
    finite = lengths[np.isfinite(lengths)]
    return float(np.median(finite)) if len(finite) else 0.0
