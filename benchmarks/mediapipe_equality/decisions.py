"""Whether another way to find faces changes a match decision on the listed LFW pairs."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from benchmarks.mediapipe_equality.yardstick import Yardstick
from edgeverify.comparison import score
from edgeverify.domain import Embedding, Face, FaceBox, RgbImage
from edgeverify.evaluation.images.pairs import read_pairs
from edgeverify.models.folders import models_directory
from edgeverify.progress import counted
from edgeverify.settings import ModelSettings, Settings
from edgeverify.verifier.verifier import open_verifier
from edgeverify.vision.dominance import FaceSelection, select
from edgeverify.vision.embedder import Embedder, embedder_of
from edgeverify.vision.mesh import face_of, is_of
from edgeverify.vision.opening import FaceFinder

SCALE = 0.9
Find = Callable[[RgbImage], Face | None]
BothSides = tuple[Embedding, Embedding]
"""A face as a probe and as a reference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """How many of `pairs` decisions at `threshold` differ.

    `by_runtime`: between MediaPipe's faces and the product's. `by_scale`: between the product's
    faces in a picture and in the same picture at `SCALE` times its size.
    """

    pairs: int
    threshold: float
    by_runtime: int
    by_scale: int
    largest_difference: float
    """Of a score, between MediaPipe's faces and the product's."""


def compare_decisions(
    testdata: Path, finder: FaceFinder, yardstick: Yardstick, *, share: int, model: str
) -> Changes:
    """Decide every `share`-th listed pair three times, with the default rate's threshold."""
    chosen = ModelSettings(bundle=model, runtime="onnxruntime-cpu", threads=1)
    settings = Settings(model=chosen, liveness="off")
    verifier = open_verifier(settings, Path(), models_directory(os.environ))
    embedder = embedder_of(verifier.bundle, verifier.opened.sessions)
    threshold = verifier.point(settings).threshold
    pairs = read_pairs(testdata / "annotations/lfw_pairs_share.txt")[::share]
    folder = testdata / "lfw/lfw-deepfunneled"
    paths = sorted({key.path(folder) for pair in pairs for key in (pair.probe, pair.reference)})
    ways: Sequence[tuple[Find, float]] = (
        (lambda rgb: _by_mediapipe(rgb, yardstick), 1.0),
        (lambda rgb: _by_product(rgb, finder), 1.0),
        (lambda rgb: _by_product(rgb, finder), SCALE),
    )
    seen: dict[Path, list[BothSides | None]] = {}
    for path in counted(paths, "deciding pairs"):
        rgb = np.asarray(cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB), np.uint8)
        seen[path] = [_embed(_scaled(rgb, scale), find, embedder) for find, scale in ways]
    verifier.close()
    scores = np.array(
        [
            [
                _score(probe, reference)
                for probe, reference in zip(
                    seen[pair.probe.path(folder)], seen[pair.reference.path(folder)], strict=True
                )
            ]
            for pair in pairs
        ]
    )
    matches = scores >= threshold
    both = np.isfinite(scores[:, :2]).all(axis=1)
    return Changes(
        pairs=len(pairs),
        threshold=threshold,
        by_runtime=int((matches[:, 0] != matches[:, 1]).sum()),
        by_scale=int((matches[:, 1] != matches[:, 2]).sum()),
        largest_difference=float(np.abs(scores[both, 0] - scores[both, 1]).max(initial=0.0)),
    )


def _scaled(rgb: RgbImage, scale: float) -> RgbImage:
    if scale == 1.0:
        return rgb
    small = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)


def _by_product(rgb: RgbImage, finder: FaceFinder) -> Face | None:
    box = _central(list(finder.detector.detect(rgb, twice=False)), rgb)
    return None if box is None else finder.mesher.mesh(rgb, box)


def _by_mediapipe(rgb: RgbImage, yardstick: Yardstick) -> Face | None:
    found = yardstick.look(rgb)
    box = _central([face.box for face in found], rgb)
    mesh = next((face.second for face in found if face.box is box), None)
    if box is None or mesh is None or not is_of(mesh, box):
        return None
    return face_of(mesh, box)


def _central(boxes: list[FaceBox], rgb: RgbImage) -> FaceBox | None:
    chosen = select(
        boxes, FaceSelection.CENTRAL, ratio=1.0, width=rgb.shape[1], height=rgb.shape[0]
    )
    return chosen if isinstance(chosen, FaceBox) else None


def _embed(rgb: RgbImage, find: Find, embedder: Embedder) -> BothSides | None:
    face = find(rgb)
    return None if face is None else embedder.embed_both_sides(embedder.align(rgb, face))


def _score(probe: BothSides | None, reference: BothSides | None) -> float:
    return -np.inf if probe is None or reference is None else score(probe[0], reference[1])
