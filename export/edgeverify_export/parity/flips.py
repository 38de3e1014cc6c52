"""Decisions that changed, told apart from rounding, and what few of them can tell (pure)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeverify.bundle.manifest import Precision

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
