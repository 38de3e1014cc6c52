"""Find, measure and embed every picture once; kept by pictures and models."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from benchmarks.error_discard.curves import GATES
from benchmarks.error_discard.material import PairSet
from edgeverify.domain import Refusal
from edgeverify.models.folders import models_directory
from edgeverify.settings import VisionSettings
from edgeverify.verifier.pipeline import open_face_finder
from edgeverify.vision.dominance import select
from edgeverify.vision.embedder import Embedder
from edgeverify.vision.quality import measure

Floats = NDArray[np.float64]
Embeddings = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Seen:
    """Images by number: goodness (n, gates) and embeddings a bundle; NaN where no face was."""

    goodness: Floats
    embeddings: tuple[Embeddings, ...]

    @property
    def has_face(self) -> NDArray[np.bool_]:
        """Which images have one."""
        return np.asarray(np.isfinite(self.goodness[:, 0]))


def see(chosen: PairSet, embedders: Sequence[Embedder], cache: Path) -> Seen:
    """Find, measure and embed every image; kept in `cache` by images and models."""
    spaces = [embedder.embedding_space for embedder in embedders]
    names = "\n".join(str(path) for path in chosen.images)
    key = hashlib.sha256(f"{names} {spaces} {chosen.selection}".encode()).hexdigest()[:16]
    file = cache / f"seen-{key}.npz"
    if file.exists():
        kept = np.load(file)
        return Seen(
            goodness=kept["goodness"],
            embeddings=tuple(kept[f"embeddings{i}"] for i in range(len(embedders))),
        )
    settings = VisionSettings()
    finder = open_face_finder(models_directory(os.environ), settings)
    goodness = np.full((len(chosen.images), len(GATES)), np.nan)
    embeddings = tuple(
        np.full((len(chosen.images), each.manifest.embedding_size), np.nan, np.float32)
        for each in embedders
    )
    progress = Console(stderr=True)
    for index, picture in enumerate(track(chosen.images, chosen.name, console=progress)):
        rgb = picture.read()
        box = select(
            finder.detector.detect(rgb),
            chosen.selection,
            ratio=settings.dominance_ratio,
            width=rgb.shape[1],
            height=rgb.shape[0],
        )
        face = None if isinstance(box, Refusal) else finder.mesher.mesh(rgb, box)
        if face is None or face.eye_distance_pixels < 2:
            continue
        figures = measure(rgb, face)
        goodness[index] = [gate.goodness(figures, face.pose) for gate in GATES]
        for embedder, values in zip(embedders, embeddings, strict=True):
            values[index] = embedder.embed(embedder.align(rgb, face), "reference").values
    finder.close()
    cache.mkdir(parents=True, exist_ok=True)
    named = {f"embeddings{i}": values for i, values in enumerate(embeddings)}
    np.savez(file, goodness=goodness, **named)
    return Seen(goodness=goodness, embeddings=embeddings)
