"""Which face of a picture, and its mesh; kept on disk, because rows share them."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from rich.progress import track

from edgeverify.domain import FaceBox, Points, RgbImage
from edgeverify.settings import VisionSettings
from edgeverify.vision.detector import FaceDetector
from edgeverify.vision.dominance import FaceSelection, select
from edgeverify.vision.mesh import FaceMesher


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
    mesher = FaceMesher(passes=finding.passes, margin=finding.margin)
    found: list[Points | None] = []
    boxes = _find_boxes(images, finding, cache)
    for path, box in track(list(zip(images, boxes, strict=True)), description="meshes"):
        face = None if box is None else mesher.mesh(read_image(path), box)
        found.append(None if face is None else face.mesh)
    mesher.close()
    empty = np.full((468, 3), np.nan, np.float32)
    np.save(file, np.stack([empty if mesh is None else mesh for mesh in found]))
    return found


def _find_boxes(images: Sequence[Path], finding: Finding, cache: Path) -> list[FaceBox | None]:
    file = cache / f"boxes-{_key(images, (finding.selection, finding.second_look))}.pickle"
    if file.exists():
        kept: list[FaceBox | None] = pickle.loads(file.read_bytes())  # noqa: S301 - our own file
        return kept
    detector = FaceDetector(VisionSettings(), second_look=finding.second_look)
    found: list[FaceBox | None] = []
    for path in track(images, description=f"faces ({finding.selection.value})"):
        rgb = read_image(path)
        height, width = rgb.shape[:2]
        box = select(detector.detect(rgb), finding.selection, ratio=1.5, width=width, height=height)
        found.append(box if isinstance(box, FaceBox) else None)
    detector.close()
    cache.mkdir(parents=True, exist_ok=True)
    file.write_bytes(pickle.dumps(found))
    return found


def _key(images: Sequence[Path], how: object) -> str:
    return hashlib.sha256(f"{how} {[str(path) for path in images]}".encode()).hexdigest()[:16]
