r"""What weighting frames by their quality wins over their plain mean: rows for docs/accuracy.md.

    python -m benchmarks.quality_fusion ../shared/testdata/nuaa/db/ClientRaw --bundle NAME
    python -m benchmarks.quality_fusion ../shared/testdata/videos/intel_iot/asl_gestures \
        --people ../shared/testdata/annotations/asl_identities_share.tsv --bundle NAME

Every five frames in a row that have a face are a window, compared with a reference of three frames
of every other run, at that bundle's threshold for FMR 1e-4 with three photos. No gate refuses, so
that there are bad frames to weigh. The weight of a frame is stated, not fitted: the cosine of yaw
and of pitch, times the logarithm of one plus its sharpness.
"""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgeverify.cli.measure.evaluate_options import cache_folder
from edgeverify.cli.overrides import settings_with
from edgeverify.evaluation.images.acquired import Acquired
from edgeverify.evaluation.images.face_cache import FaceCache
from edgeverify.evaluation.images.view import Gates
from edgeverify.evaluation.instrument import open_instrument
from edgeverify.evaluation.transactions.figures import Crowd, crowd_of
from edgeverify.evaluation.transactions.runs import look_at_runs

FRAMES = 5
PHOTOS = 3
Floats = NDArray[np.float64]
Rule = Callable[[Floats, Floats, Floats], float]


def weight(seen: Acquired) -> float:
    """Weigh one frame, 0 or more."""
    if seen.figures is None or seen.pose is None:
        return 0.0
    turned = math.cos(math.radians(seen.pose.yaw_degrees))
    tilted = math.cos(math.radians(seen.pose.pitch_degrees))
    return max(0.0, turned) * max(0.0, tilted) * math.log1p(seen.figures.sharpness)


def votes(values: Floats, _weights: Floats, reference: Floats) -> float:
    """Give the third best score: what three of five must reach."""
    return float(np.sort(values @ reference)[-3])


def mean(values: Floats, _weights: Floats, reference: Floats) -> float:
    """Average the scores, each frame alike: the door's `fusion: mean`."""
    return float((values @ reference).mean())


def weighted_mean(values: Floats, weights: Floats, reference: Floats) -> float:
    """Average the scores by weight."""
    return float(np.average(values @ reference, weights=weights))


def weighted_face(values: Floats, weights: Floats, reference: Floats) -> float:
    """Add up the embeddings by weight, normalise, compare once."""
    total = (values * weights[:, None]).sum(axis=0)
    return float(total @ reference / np.linalg.norm(total))


RULES: dict[str, Rule] = {
    "3 of 5": votes,
    "mean of 5": mean,
    "mean of 5, weighted by quality": weighted_mean,
    "embeddings summed, weighted by quality": weighted_face,
}


def windows(crowd: Crowd) -> Iterator[tuple[bool, Floats, Floats, Floats]]:
    """Give whether it is mated, embeddings (5, d), weights (5,) and reference (d,) of each."""
    for probe in crowd.runs:
        usable = [each for each in probe.seen if each.values is not None]
        for start in range(0, len(usable) - FRAMES + 1, FRAMES):
            part = usable[start : start + FRAMES]
            values = np.array([each.values for each in part], dtype=np.float64)
            weights = np.array([weight(each) for each in part])
            for run in crowd.runs:
                if run is not probe and run.name in crowd.references:
                    reference = crowd.references[run.name].values.astype(np.float64)
                    yield run.person == probe.person, values, weights, reference


def main() -> None:
    """Measure and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("runs", type=Path)
    parser.add_argument("--people", type=Path)
    parser.add_argument("--bundle", default="mobilefacenet")
    asked = parser.parse_args()
    settings, folder = settings_with(None, bundle=asked.bundle)
    instrument = open_instrument(settings, folder, os.environ)
    with FaceCache(cache_folder(None, no_cache=False), instrument.key) as cache:
        runs, _ = look_at_runs(
            asked.runs, instrument, cache, table=asked.people, progress=lambda *_: None
        )
    instrument.close()
    if instrument.point is None:
        raise SystemExit("the bundle has no threshold")
    threshold = instrument.point.threshold_for(PHOTOS)
    crowd = crowd_of(runs, instrument.verifier.embedding_space, Gates.off(), PHOTOS)
    found = list(windows(crowd))
    is_mated = np.array([each[0] for each in found])
    print(f"{asked.bundle}: {len(runs)} runs, threshold {threshold:.4f}")
    print("| rule | mated windows below it | lowest 1 % of mated | non-mated at or above it |")
    print("| --- | --- | --- | --- |")
    for name, rule in RULES.items():
        scores = np.array([rule(*each[1:]) for each in found])
        mated, others = scores[is_mated], scores[~is_mated]
        print(
            f"| {name} | {int((mated < threshold).sum())} of {len(mated):,} "
            f"| {np.percentile(mated, 1):.3f} "
            f"| {int((others >= threshold).sum())} of {len(others):,} |"
        )


if __name__ == "__main__":
    main()
