"""What parity must show before a form of a network is used (pure)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from edgeverify.bundle.manifest import Precision
from edgeverify_export.parity.figures import Comparison

MIN_COSINE: Mapping[Precision, float] = {"fp32": 0.9999, "fp16": 0.999, "int8": 0.99}
MAX_FLIPPED: Mapping[Precision, float] = {"fp32": 0.0005, "fp16": 0.0005, "int8": 0.005}


def failures(comparison: Comparison, *, flips_needed: bool) -> list[str]:
    """Say what one back end fails on; empty where it passes. Nothing compared is a failure.

    The cosine of black, white and noise is reported and not gated: they are no faces, a door
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
        found.append(f"{where}: {comparison.nan_count} answers with NaN")
    if comparison.extremes_flipped:
        found.append(
            f"{where}: black, white or noise decided otherwise {comparison.extremes_flipped} times"
        )
    if comparison.flipped_share is None:
        if flips_needed:
            found.append(
                f"{where}: flipped decisions not run; give --pairs, or --no-flips to do without"
            )
    elif comparison.flipped_share > flipped:
        found.append(
            f"{where}: {comparison.flipped} of {comparison.pairs} decisions flipped "
            f"({comparison.flipped_share:.3%}), at most {flipped:.2%} may"
        )
    return found


def all_failures(comparisons: Sequence[Comparison], *, flips_needed: bool) -> list[str]:
    """Say what all back ends fail on; a run that compared nothing fails."""
    if not comparisons:
        return ["nothing was compared: the bundle has one form only"]
    return [line for one in comparisons for line in failures(one, flips_needed=flips_needed)]
