"""Which face of a picture, and its mesh; kept on disk, because rows share them."""

from __future__ import annotations

import hashlib
import os
import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from rich.progress import track

from edgeverify.domain import FaceBox, Points, RgbImage
from edgeverify.models.folders import models_directory
from edgeverify.settings import VisionSettings
from edgeverify.verifier.pipeline import open_face_finder
from edgeverify.vision.dominance import FaceSelection, select
from edgeverify.vision.opening import FaceFinder, Trial


@dataclass(frozen=True, kw_only=True)
class Finding:
    """How a face is found: which of several, how often the mesh is run, on how wide a square."""

    selection: FaceSelection = FaceSelection.CENTRAL
    passes: int = 2
    margin: float = 1.5
    second_look: bool = True


def read_image(path: Path) -> RgbImage:
    """Read a picture as RGB."""
    return np.asarray(cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB), dtype=np.uint8)


def find_meshes(images: Sequence[Path], finding: Finding, cache: Path) -> list[Points | None]:
    """Find the mesh of each picture, or None; kept in `cache` by what it was found with."""
    file = cache / f"meshes-{_key(images, finding)}.npy"
    if file.exists():
        return [None if np.isnan(mesh[0, 0]) else mesh for mesh in np.load(file)]
    finder = _open(finding)
    found: list[Points | None] = []
    boxes = _find_boxes(images, finding, cache)
    for path, box in track(list(zip(images, boxes, strict=True)), description="meshes"):
        face = None if box is None else finder.mesher.mesh(read_image(path), box)
        found.append(None if face is None else face.mesh)
    finder.close()
    empty = np.full((468, 3), np.nan, np.float32)
    np.save(file, np.stack([empty if mesh is None else mesh for mesh in found]))
    return found


def _find_boxes(images: Sequence[Path], finding: Finding, cache: Path) -> list[FaceBox | None]:
    file = cache / f"boxes-{_key(images, (finding.selection, finding.second_look))}.pickle"
    if file.exists():
        kept: list[FaceBox | None] = pickle.loads(file.read_bytes())  # noqa: S301 - our own file
        return kept
    finder = _open(finding)
    found: list[FaceBox | None] = []
    for path in track(images, description=f"faces ({finding.selection.value})"):
        rgb = read_image(path)
        height, width = rgb.shape[:2]
        boxes = finder.detector.detect(rgb)
        box = select(boxes, finding.selection, ratio=1.5, width=width, height=height)
        found.append(box if isinstance(box, FaceBox) else None)
    finder.close()
    cache.mkdir(parents=True, exist_ok=True)
    file.write_bytes(pickle.dumps(found))
    return found


def _open(finding: Finding) -> FaceFinder:
    trial = Trial(second_look=finding.second_look, passes=finding.passes, margin=finding.margin)
    return open_face_finder(models_directory(os.environ), VisionSettings(), trial=trial)


def _key(images: Sequence[Path], how: object) -> str:
    return hashlib.sha256(f"{how} {[str(path) for path in images]}".encode()).hexdigest()[:16]
