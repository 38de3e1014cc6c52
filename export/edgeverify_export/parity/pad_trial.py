"""Real faces for the parity of liveness networks: found once, cropped once a network."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgeverify.bundle.manifest import PadManifest
from edgeverify.domain import FaceBox, Refusal, RgbImage
from edgeverify.errors import EdgeverifyError, ParityError
from edgeverify.feeding.pad_crop import crop_around_box
from edgeverify.feeding.preprocessing import Batch, feed
from edgeverify.models.folders import models_directory
from edgeverify.progress import counted, download_bar
from edgeverify.settings import VisionSettings
from edgeverify.verifier.pipeline import open_face_finder
from edgeverify.vision.contract import FaceDetector
from edgeverify.vision.dominance import FaceSelection, select
from edgeverify_export.assemble import extreme_chips
from edgeverify_export.parity.faces import images_in, read_rgb


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PadTrial:
    """What every form of every network is asked.

    `faces[k]` and `extremes[k]` are fed crops of network k, float32 (n, 3, size, size): real
    faces, and black, white and noise. `images` is how many pictures were looked at.
    """

    faces: tuple[Batch, ...]
    extremes: Batch
    images: int


def gather_crops(
    images: Path, manifest: PadManifest, *, limit: int = 1000, show: bool = True
) -> PadTrial:
    """Crop the largest face of each picture below a folder; ParityError where there is none."""
    paths = images_in(images, limit)
    crops: list[list[Batch]] = [[] for _ in manifest.networks]
    with download_bar() as progress:
        finder = open_face_finder(models_directory(os.environ), VisionSettings(), progress=progress)
    try:
        for path in counted(paths, "finding faces", show=show):
            found = _face(path, finder.detector)
            if found is None:
                continue
            for kept, network in zip(crops, manifest.networks, strict=True):
                kept.append(_fed(*found, manifest, network.crop_scale))
    finally:
        finder.close()
    if not crops[0]:
        raise ParityError(
            f"no face found in {len(paths)} images of {images}: nothing was compared",
            advice="Give a folder with photos of faces.",
        )
    feeding = manifest.feeding
    return PadTrial(
        faces=tuple(np.concatenate(kept) for kept in crops),
        extremes=np.concatenate([feed(chip, feeding) for chip in extreme_chips(feeding.size)]),
        images=len(paths),
    )


def _face(path: Path, detector: FaceDetector) -> tuple[RgbImage, FaceBox] | None:
    try:
        rgb = read_rgb(path)
    except (EdgeverifyError, OSError):
        return None
    height, width = rgb.shape[:2]
    boxes = detector.detect(rgb)
    box = select(boxes, FaceSelection.LARGEST, ratio=1.5, width=width, height=height)
    return None if isinstance(box, Refusal) else (rgb, box)


def _fed(rgb: RgbImage, box: FaceBox, manifest: PadManifest, crop_scale: float) -> Batch:
    crop = crop_around_box(
        rgb,
        left=box.left,
        top=box.top,
        width=box.width,
        height=box.height,
        crop_scale=crop_scale,
        size=manifest.feeding.size,
    )
    return feed(crop, manifest.feeding)
