"""Accuracy on the same pairs: each at its own best threshold."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.side_by_side.report import Accuracy
from benchmarks.side_by_side.rival import Rival
from benchmarks.side_by_side.rounds import RIVAL
from edgeverify.domain import RgbImage
from edgeverify.enrolment.photo import decode_photo
from edgeverify.evaluation.images.pairs import read_pairs
from edgeverify.evaluation.statistics.rates import accuracy, best_accuracy_threshold
from edgeverify.verifier.pipeline import Pipeline
from edgeverify.vision.dominance import FaceSelection


def read_rgb(path: Path) -> RgbImage:
    """Read a picture."""
    return decode_photo(path.name, path.read_bytes(), max_megapixels=25).rgb


def compare_accuracy(
    testdata: Path, count: int, pipelines: Sequence[Pipeline], rival: Rival | None
) -> list[Accuracy]:
    """Score the first `count` mated and non-mated pairs of either reporting fold."""
    pairs = read_pairs(testdata / "annotations" / "lfw_pairs_share.txt")
    folder = testdata / "lfw" / "lfw-deepfunneled"
    chosen = [
        pair
        for mated in (True, False)
        for pair in [p for p in pairs if p.fold >= 2 and p.is_mated == mated][:: 600 // count]
    ]
    keys = sorted({key.path(folder) for pair in chosen for key in (pair.probe, pair.reference)})
    reports = []
    ours = {pipeline.embedder.name: pipeline for pipeline in pipelines}
    for name in (*ours, *([RIVAL] if rival else [])):
        values: dict[Path, NDArray[np.float64] | None] = {}
        for path in keys:
            rgb = read_rgb(path)
            if rival is not None and name not in ours:
                answer = rival.ask("encode", rgb)
                values[path] = None if answer is None else np.array(answer)
            else:
                seen = ours[name].probe(rgb, FaceSelection.CENTRAL).embedding
                values[path] = None if seen is None else seen.values.astype(np.float64)
        scores = []
        for pair in chosen:
            left, right = values[pair.probe.path(folder)], values[pair.reference.path(folder)]
            distance = np.inf if left is None or right is None else np.linalg.norm(left - right)
            scores.append(-float(distance))
        mated = np.array([s for s, p in zip(scores, chosen, strict=True) if p.is_mated])
        others = np.array([s for s, p in zip(scores, chosen, strict=True) if not p.is_mated])
        # A non-mated pair without a face is an error too: it scores higher than any.
        others = np.where(np.isfinite(others), others, 10.0)
        threshold = best_accuracy_threshold(mated, others)
        reports.append(
            Accuracy(
                contestant=name,
                pairs=len(chosen),
                accuracy=round(accuracy(mated, others, threshold), 5),
                images_without_a_face=sum(value is None for value in values.values()),
            )
        )
    return reports
