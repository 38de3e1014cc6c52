"""Measure a bundle's thresholds on all non-mated pairs of LFW images, and write them down.

    python benchmarks/measure_operating_points.py BUNDLE --lfw ../shared/testdata \
        --date 2026-11-22 -o edgeverify/models/data/NAME.operating-points.json

Through the door's own pipeline, without quality gates, the central face of each picture. A
threshold stands at the loosest place where the upper 95 % bound (Clopper-Pearson, one-sided) of
its FMR over all non-mated image pairs is not above the rate it is named by; a rate whose bound
cannot get there with no false match at all is left out. FNMR is over the mated pairs of the list;
a picture without a face is a non-match.
"""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from rich.console import Console
from rich.progress import track

from edgeverify.domain import OperatingPoint
from edgeverify.evaluation.bounds import clopper_pearson
from edgeverify.evaluation.pairs import Pair, read_pairs
from edgeverify.pipeline import Pipeline, open_pipeline
from edgeverify.runtime.bundle import load_bundle
from edgeverify.runtime.golden import check_golden
from edgeverify.runtime.open_session import open_session
from edgeverify.runtime.operating_points import MeasuredPoint, OperatingPoints, OperatingPointsFile
from edgeverify.settings import ModelSettings, QualitySettings, VisionSettings
from edgeverify.vision.dominance import FaceSelection

RATES = (1e-2, 5e-3, 2e-3, 1e-3, 5e-4, 2e-4, 1e-4, 5e-5, 2e-5, 1e-5, 5e-6, 2e-6, 1e-6)
DATASET = "LFW deep-funnelled, View 2 folds 1-4, all image pairs"

Embeddings = dict[Path, NDArray[np.float32]]


def main() -> int:
    """Measure and write; exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--lfw", type=Path, required=True, help="folder with lfw/ and annotations/")
    parser.add_argument("--date", required=True, help="today, YYYY-MM-DD, for the evidence")
    parser.add_argument("-o", "--output", type=Path, required=True)
    arguments = parser.parse_args()

    bundle = load_bundle(arguments.bundle)
    session = open_session(bundle, ModelSettings(runtime="onnxruntime-cpu")).session
    check_golden(bundle, session)
    pipeline = open_pipeline(
        bundle,
        session,
        quality=QualitySettings(),
        vision=VisionSettings(),
        point=OperatingPoint(threshold=1.0, max_fmr=None, evidence="not used"),
    )
    images = arguments.lfw / "lfw" / "lfw-deepfunneled"
    paths = sorted(images.glob("*/*.jpg"))
    embeddings = embed_all(pipeline, paths)
    print(f"{len(paths)} images, {len(paths) - len(embeddings)} without a face")
    scores = non_mated_scores(embeddings)
    pairs = [p for p in read_pairs(arguments.lfw / "annotations/lfw_pairs_share.txt") if p.is_mated]
    mated = mated_scores(pairs, images, embeddings)
    points = tuple(
        point
        for rate in RATES
        if (point := measure(rate, scores, mated, arguments.date)) is not None
    )
    for point in points:
        print(
            f"{point.fmr:<8g} threshold {point.threshold:.4f} FNMR {point.fnmr:.4f}", point.evidence
        )
    file = OperatingPointsFile.of(
        (OperatingPoints(embedding_space=bundle.manifest.embedding_space, points=points),)
    )
    arguments.output.write_text(file.model_dump_json(indent=1) + "\n", "utf-8")
    return 0


def embed_all(pipeline: Pipeline, paths: list[Path]) -> Embeddings:
    """Embed the central face of every image that has one."""
    found: Embeddings = {}
    for path in track(paths, description="embedding", console=Console(stderr=True)):
        rgb = np.asarray(Image.open(path).convert("RGB"))
        result = pipeline.probe(rgb, FaceSelection.CENTRAL)
        if result.embedding is not None:
            found[path] = result.embedding.values
    return found


def non_mated_scores(embeddings: Embeddings) -> NDArray[np.float32]:
    """Compare every image with every image of another person, once; sorted, highest first."""
    people = np.unique([path.parent.name for path in embeddings], return_inverse=True)[1]
    values = np.stack(list(embeddings.values()))
    first, second = np.triu_indices(len(values), k=1)
    others = people[first] != people[second]
    scores = (values @ values.T)[first[others], second[others]]
    return np.sort(scores)[::-1]


def mated_scores(pairs: list[Pair], images: Path, embeddings: Embeddings) -> NDArray[np.float64]:
    """Compare the listed mated pairs; minus infinity where a face was not found."""
    scores = np.full(len(pairs), -np.inf)
    for index, pair in enumerate(pairs):
        probe = embeddings.get(pair.probe.path(images))
        reference = embeddings.get(pair.reference.path(images))
        if probe is not None and reference is not None:
            scores[index] = float(probe @ reference)
    return scores


def measure(
    rate: float, scores: NDArray[np.float32], mated: NDArray[np.float64], date: str
) -> MeasuredPoint | None:
    """Find the loosest threshold whose bounded FMR is at most `rate`; None without evidence."""
    count = len(scores)
    low, high = -1, math.ceil(rate * count)
    while low < high:  # the largest number of false matches whose bound still fits
        middle = (low + high + 1) // 2
        low, high = (middle, high) if upper_bound(middle, count) <= rate else (low, middle - 1)
    if low < 0:
        return None
    # Just above the first score that must not match, rounded up to what a person can read.
    threshold = math.ceil((float(scores[low]) + 1e-6) * 1e4) / 1e4
    false_matches = int(np.count_nonzero(scores >= threshold))
    return MeasuredPoint(
        threshold=threshold,
        fmr=rate,
        fnmr=float(np.count_nonzero(mated < threshold) / len(mated)),
        fmr_upper_95=upper_bound(false_matches, count),
        false_matches=false_matches,
        non_mated=count,
        mated=len(mated),
        dataset=DATASET,
        date=date,
        supported=True,
    )


def upper_bound(errors: int, count: int) -> float:
    """Bound a rate from above at 95 %, one-sided (Clopper and Pearson, 1934)."""
    return clopper_pearson(errors, count, confidence=0.90).upper


if __name__ == "__main__":
    sys.exit(main())
