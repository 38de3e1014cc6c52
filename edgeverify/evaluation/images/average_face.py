"""The mean of aligned faces: a sharp one means that alignment puts eyes on eyes.

Beside it the mean of the same faces cut by the detector's box alone shows what no alignment
looks like, so that a person can tell at a glance.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edgeverify.bundle.manifest import Manifest
from edgeverify.domain import Face, FaceBox, Refusal, RgbImage
from edgeverify.enrolment.decoding import FORMATS, PICTURE_ENDINGS
from edgeverify.enrolment.photo import decode_photo
from edgeverify.errors import EvaluationError, ImageError
from edgeverify.feeding.alignment import chip_transform
from edgeverify.feeding.preprocessing import as_seen
from edgeverify.folder_listing import files_of_people_told
from edgeverify.vision.contract import FaceDetector, FaceMesher
from edgeverify.vision.dominance import FaceSelection, select
from edgeverify.vision.embedder import align_for

MAX_BYTES = 10 * 2**20
MAX_MEGAPIXELS = 25.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AverageFace:
    """Means over `faces` faces, uint8 RGB (size, size, 3); and what was left out, with why."""

    aligned: RgbImage
    boxes: RgbImage
    faces: int
    template: str
    left_out: tuple[str, ...]

    @property
    def sharpness(self) -> float:
        """Fine detail of the aligned mean over that of the mean of boxes; 1 or less: no gain."""
        return _detail(self.aligned) / max(_detail(self.boxes), 1e-9)


def images_below(folder: Path) -> tuple[Path, ...]:
    """List all pictures in a folder and below, in order of name. EvaluationError for none."""
    if not folder.is_dir():
        raise EvaluationError(f"{folder} is not a folder")
    try:
        found = tuple(
            path for path in files_of_people_told(folder) if path.suffix.lower() in PICTURE_ENDINGS
        )
    except OSError as error:
        raise EvaluationError(f"{error.filename} cannot be read: {error.strerror}") from None
    if not found:
        raise EvaluationError(
            f"{folder} holds no picture", advice=f"Give a folder of {', '.join(FORMATS[:4])} files."
        )
    return found


def average_face(
    images: Iterable[Path],
    manifest: Manifest,
    *,
    detector: FaceDetector,
    mesher: FaceMesher,
    selection: FaceSelection,
    ratio: float = 1.5,
) -> AverageFace:
    """Average the faces of `images` as the model's template aligns them.

    `selection` says which face of a picture, `ratio` is for `DOMINANT`. What cannot be read or
    shows no face is left out and named. Raises EvaluationError where nothing is left.
    """
    size = manifest.feeding.size
    aligned = np.zeros((size, size, 3), np.float64)
    wide = np.zeros((2 * size, 2 * size, 3), np.float64)
    ways: list[NDArray[np.float64]] = []
    left_out: list[str] = []
    for path in images:
        try:
            rgb = _read(path)
            box, face = _face_in(rgb, path.name, detector, mesher, selection, ratio)
            chip = align_for(manifest, rgb, face).rgb
        except ImageError as error:
            left_out.append(error.problem)
            continue
        except ValueError as error:
            left_out.append(f"{path.name}: {error}")
            continue
        aligned += chip
        cut = _around(box, 2 * size)
        wide += cv2.warpAffine(rgb, cut[:2], (2 * size, 2 * size), flags=cv2.INTER_LINEAR)
        ways.append(_to_chip(manifest, rgb, face) @ np.linalg.inv(cut))
    if not ways:
        raise EvaluationError(
            f"none of {len(left_out)} pictures shows a face that could be aligned",
            advice=left_out[0] if left_out else "",
        )
    # The mean of boxes goes one way for all, to where chips show a face on average.
    way = np.mean(ways, axis=0)[:2]
    boxes = np.asarray(
        cv2.warpAffine(wide / len(ways), way, (size, size), flags=cv2.INTER_AREA), dtype=np.float64
    )
    return AverageFace(
        aligned=as_seen(_pixels(aligned / len(ways)), manifest.feeding),
        boxes=as_seen(_pixels(boxes), manifest.feeding),
        faces=len(ways),
        template=manifest.template,
        left_out=tuple(left_out),
    )


def _face_in(
    rgb: RgbImage,
    name: str,
    detector: FaceDetector,
    mesher: FaceMesher,
    selection: FaceSelection,
    ratio: float,
) -> tuple[FaceBox, Face]:
    """Return the face that is chosen and its box. Raises ImageError that names the picture."""
    height, width = rgb.shape[:2]
    chosen = select(detector.detect(rgb), selection, ratio=ratio, width=width, height=height)
    if isinstance(chosen, Refusal):
        raise ImageError(f"{name}: {chosen.gate.value}")
    face = mesher.mesh(rgb, chosen)
    if face is None:
        raise ImageError(f"{name}: mesh_lost")
    return chosen, face


def _to_chip(manifest: Manifest, rgb: RgbImage, face: Face) -> NDArray[np.float64]:
    """Return the transform (3, 3) from the picture's pixels to the chip's."""
    template, size = manifest.aligns_by, manifest.feeding.size
    frame = (rgb.shape[1], rgb.shape[0])
    to_chip = chip_transform(template.pick(face.mesh), template, size, frame=frame)
    return np.vstack([to_chip, (0, 0, 1)])


def _read(path: Path) -> RgbImage:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ImageError(f"{path.name}: is larger than {MAX_BYTES // 2**20} MiB")
        content = path.read_bytes()
    except OSError as error:
        raise ImageError(f"{path.name}: cannot be read: {error.strerror}") from None
    return decode_photo(path.name, content, max_megapixels=MAX_MEGAPIXELS).rgb


def _around(box: FaceBox, size: int) -> NDArray[np.float64]:
    """Make the matrix (3, 3) from frame pixels to an upright square of twice the box's side."""
    scale = size / max(2 * max(box.width, box.height), 1.0)
    x, y = box.centre
    return np.array(
        [[scale, 0, size / 2 - x * scale], [0, scale, size / 2 - y * scale], [0, 0, 1.0]]
    )


def _pixels(mean: NDArray[np.float64]) -> RgbImage:
    return np.asarray(mean.round().clip(0, 255), dtype=np.uint8)


def _detail(rgb: RgbImage) -> float:
    """Return the variance of the Laplacian over the middle of the picture, where the face is."""
    size = rgb.shape[0]
    inner = rgb[size // 4 : -size // 4, size // 4 : -size // 4]
    grey = cv2.cvtColor(inner, cv2.COLOR_RGB2GRAY)
    return float(cv2.Laplacian(grey, cv2.CV_64F).var())
