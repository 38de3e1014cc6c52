"""What each pixel between the eyes costs: LFW's pictures shrunk, as the reference or as the probe.

    python -m benchmarks.pixels ../shared/testdata --bundle sface

Mated pairs of the folds that no threshold was chosen on, at the shipped threshold for FMR 1e-4.
Either picture is scaled down so that its eyes are so many pixels apart, never up; the other
stays as it is (LFW's median is 44). False matches are counted over all non-mated pairs of
those pictures. Scaled pictures are sharp and clean: a camera that sees a face so small is neither.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.liveness_clips import NO_GATES
from edgeverify.domain import RgbImage
from edgeverify.enrolment.photo import decode_photo
from edgeverify.evaluation.images.folds import pick_folds
from edgeverify.evaluation.images.pairs import ImageKey, read_pairs
from edgeverify.models.folders import models_directory
from edgeverify.settings import ModelSettings, Settings
from edgeverify.verifier.photos import open_photo_verifier
from edgeverify.verifier.pipeline import Pipeline
from edgeverify.vision.dominance import FaceSelection

SIZES = (16.0, 20.0, 24.0, 28.0, 32.0, 36.0)
FOLDS = (3, 4)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Seen:
    """One picture at one size: embeddings of both sides, None where no face was found."""

    eyes: float
    probe: NDArray[np.float32] | None
    reference: NDArray[np.float32] | None


LOST = Seen(eyes=0.0, probe=None, reference=None)


def look(pipeline: Pipeline, rgb: RgbImage) -> Seen:
    """Embed the most central face."""
    found = pipeline.probe(rgb, FaceSelection.CENTRAL, both_sides=True)
    if found.embedding is None or found.reference is None or found.face is None:
        return LOST
    return Seen(
        eyes=found.face.eye_distance_pixels,
        probe=found.embedding.values,
        reference=found.reference.values,
    )


def at_size(pipeline: Pipeline, rgb: RgbImage, whole: Seen, size: float) -> Seen:
    """Shrink a picture so that its eyes are `size` apart; as it is where they are closer."""
    if whole.eyes <= size:
        return whole
    scale = size / whole.eyes
    small = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    # LFW's pictures end close to the face: the detector wants room around it.
    height, width = rgb.shape[:2]
    rows, columns = (height - small.shape[0]) // 2, (width - small.shape[1]) // 2
    room = cv2.copyMakeBorder(small, rows, rows, columns, columns, cv2.BORDER_REPLICATE)
    return look(pipeline, np.asarray(room, dtype=np.uint8))


def rates(
    references: Sequence[Seen], probes: Sequence[Seen], people: Sequence[str], threshold: float
) -> tuple[int, int, int, int]:
    """Count misses of mated pairs, these pairs, false matches of all others, and these."""
    missed = sum(
        one.reference is None
        or other.probe is None
        or float(one.reference @ other.probe) < threshold
        for one, other in zip(references, probes, strict=True)
    )
    known = [i for i in range(len(people)) if references[i].reference is not None]
    seen = [i for i in range(len(people)) if probes[i].probe is not None]
    left = np.stack([_vector(references[i].reference) for i in known])
    right = np.stack([_vector(probes[i].probe) for i in seen])
    others = np.array([[people[i] != people[j] for j in seen] for i in known])
    scores = left @ right.T
    return missed, len(people), int((others & (scores >= threshold)).sum()), int(others.sum())


def _vector(values: NDArray[np.float32] | None) -> NDArray[np.float32]:
    if values is None:
        raise ValueError("a picture without a face has no embedding")
    return values


def main() -> None:
    """Print a line a size and side."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("testdata", type=Path, help="the shared test data")
    parser.add_argument("--bundle", default="sface", help="the embedder")
    parser.add_argument("--every", type=int, default=1, help="take every so many pairs")
    given = parser.parse_args()
    pairs = read_pairs(given.testdata / "annotations/lfw_pairs_share.txt")
    mated = [pair for pair in pick_folds(pairs, FOLDS) if pair.is_mated][:: given.every]
    images = given.testdata / "lfw/lfw-deepfunneled"
    settings = Settings(model=ModelSettings(bundle=given.bundle, threads=1), quality=NO_GATES)
    with open_photo_verifier(settings, Path.cwd(), models_directory(os.environ)) as opened:
        threshold = opened.point().threshold
        pipeline = opened.pipeline
        seen: dict[ImageKey, list[Seen]] = {}
        for key in {key for pair in mated for key in (pair.reference, pair.probe)}:
            path = key.path(images)
            rgb = decode_photo(path.name, path.read_bytes(), max_megapixels=25).rgb
            whole = look(pipeline, rgb)
            seen[key] = [at_size(pipeline, rgb, whole, size) for size in SIZES] + [whole]
    people = [pair.probe.person for pair in mated]
    print(f"{given.bundle} at {threshold:.4f}, {len(mated)} mated pairs of folds 3 and 4")
    for index, size in enumerate((*SIZES, 0.0)):
        name = f"{size:g} pixels" if size else "as they are"
        for side in ("reference", "probe") if size else ("either",):
            references = [seen[p.reference][index if side == "reference" else -1] for p in mated]
            probes = [seen[p.probe][index if side == "probe" else -1] for p in mated]
            missed, pairs_, false, others = rates(references, probes, people, threshold)
            print(
                f"{side:<10}{name:<12} FNMR {missed}/{pairs_} {missed / pairs_:.2%}   "
                f"FMR {false}/{others} {false / max(others, 1):.1e}"
            )


if __name__ == "__main__":
    main()
