"""Measure how soon a live face changes, and how much noise a still photo needs to look changed.

Usage: python -m benchmarks.liveness_stillness ../shared/testdata [--bundle mobilefacenet]
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from benchmarks.liveness_clips import Clips, arguments, kinds, seen, ungated
from edgeverify.comparison import score
from edgeverify.domain import Embedding
from edgeverify.evaluation.attacks.opened import PadBench
from edgeverify.evaluation.attacks.scores import ScoredRun
from edgeverify.evaluation.frame_runs import timed_frames
from edgeverify.liveness.stillness import Stillness

GREY_LEVELS = (1, 2, 3, 4)
FRAMES_OF_A_STILL = 15
"""As many as a transaction compares."""
Timed = list[tuple[float, Embedding]]


def embedded(run: ScoredRun) -> Timed:
    """Give time and embedding of every frame with a face."""
    return [(frame.at, frame.embedding) for frame in run.frames if frame.embedding is not None]


def change_after(frames: Timed) -> float | None:
    """Give the seconds until the cue says that something changed, or None for never."""
    still = Stillness()
    for at, embedding in frames:
        still = still.observe(at, embedding)
        if still.has_changed:
            return still.seconds
    return None


def tell_movement(clips: Clips, runs: list[ScoredRun]) -> None:
    """Print one line: neighbouring frames, and the time to the first change from any start."""
    faces = [embedded(run) for run in runs]
    near = np.array([score(a, b) for run in faces for (_, a), (_, b) in pairwise(run)])
    starts = [run[begin:] for run in faces for begin in range(len(run))]
    seconds = [after for start in starts if (after := change_after(start)) is not None]
    late = [start[-1][0] - start[0][0] for start in starts if change_after(start) is None]
    p50, p95 = np.percentile(seconds, [50, 95])
    print(
        f"{clips.name:<12}{len(near):>6} pairs, above 0.999 {(near > 0.999).mean():6.1%}, "
        f"0.9998 {(near > 0.9998).mean():6.2%};  changed after {p50:.2f} (median), {p95:.2f} "
        f"(95 %), {max(seconds):.2f} s (most);  clip's end came first in {len(late)} of "
        f"{len(starts)} starts, after {max(late, default=0.0):.2f} s at most"
    )


def noisy_still(
    rgb: NDArray[np.uint8], grey_levels: float, bench: PadBench, chance: np.random.Generator
) -> float:
    """Give the lowest cosine to the first of some frames that differ by noise alone."""
    still = Stillness()
    for index in range(FRAMES_OF_A_STILL):
        noise = chance.normal(0.0, grey_levels, rgb.shape)
        frame = np.clip(rgb + noise, 0, 255).round().astype(np.uint8)
        still = still.observe(index / 15, bench.pipeline.probe(frame).embedding)
    return still.lowest


def main() -> None:
    """Print one line per kind of material, then one per strength of noise."""
    given = arguments(__doc__).parse_args()
    everything = kinds(given.testdata)
    chance = np.random.default_rng(0)
    with ungated(given.bundle) as bench:
        for clips in everything:
            tell_movement(clips, seen(clips, bench))
        stills = [next(timed_frames(run))[1] for run in everything[0].runs]
        print(f"{len(stills)} stills (first frames of NUAA live), {FRAMES_OF_A_STILL} frames each:")
        for grey_levels in GREY_LEVELS:
            lowest = [noisy_still(rgb, grey_levels, bench, chance) for rgb in stills]
            changed = sum(value <= 0.999 for value in lowest)
            print(
                f"  noise of {grey_levels} grey levels: lowest cosine {min(lowest):.5f}, median "
                f"{np.median(lowest):.5f}; taken for changed {changed} of {len(lowest)} at 0.999, "
                f"{sum(value <= 0.9998 for value in lowest)} at 0.9998"
            )


if __name__ == "__main__":
    main()
