"""Golden check of the vision bundle: it must find what MediaPipe's own graphs find.

The answers were written down by those graphs on frames that every machine draws alike, so the
check covers letterbox, network, decoding, merging, crop and projection, at every start.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field, ValidationError

from edgeverify.bundle.golden_frames import COUNT, FORMULA, golden_frame
from edgeverify.bundle.manifest import GOLDEN_FILE
from edgeverify.bundle.vision_bundle import NAME
from edgeverify.domain import Face, FaceBox, Points
from edgeverify.errors import BundleError
from edgeverify.feeding.statement import BundleModel
from edgeverify.vision.contract import FaceDetector, FaceMesher

MIN_CONFIDENCE = 0.6
"""At which each golden frame has exactly one face (0.69 to 0.79; the next answer has 0.43)."""
MAX_PIXELS = 0.5
"""As far as two ways to compute in float32, and to draw a turned square, may be apart."""

_AGAIN = f"Fetch it again: `edgeverify models fetch {NAME}`."


class GoldenFace(BundleModel):
    """The one face of a golden frame, in its pixels; `mesh` is 468 times x, y, z."""

    box: tuple[float, float, float, float] = Field(strict=False)
    """Left, top, right, bottom."""
    eyes: tuple[float, float, float, float] = Field(strict=False)
    """Right eye x, y, left eye x, y."""
    mesh: tuple[tuple[float, float, float], ...] = Field(
        strict=False, min_length=468, max_length=468
    )


class VisionGolden(BundleModel):
    """`golden.json` of a vision bundle."""

    schema_version: Literal[1] = 1
    formula: int
    made_by: str
    faces: tuple[GoldenFace, ...] = Field(strict=False, min_length=1)


def check_vision(raw: bytes, detector: FaceDetector, mesher: FaceMesher) -> float:
    """Find the faces of the golden frames; return how far off the worst point is, in pixels.

    `raw` is the bundle's `golden.json`; `detector` is one at `MIN_CONFIDENCE`. BundleError where
    a face is not found or a point is further off than `MAX_PIXELS`.
    """
    golden = _read(raw)
    worst = 0.0
    for index, wanted in enumerate(golden.faces):
        frame = golden_frame(index)
        boxes = detector.detect(frame, twice=False)
        face = mesher.mesh(frame, boxes[0]) if len(boxes) == 1 else None
        if face is None:
            raise BundleError(
                f"golden check: LiteRT finds {len(boxes)} faces where the vision bundle has one",
                advice=_AGAIN,
            )
        worst = max(worst, _distance(face, wanted))
    if not worst <= MAX_PIXELS:
        raise BundleError(
            f"golden check: LiteRT finds faces {worst:.2f} pixels beside where the vision bundle "
            f"has them, at most {MAX_PIXELS} is allowed",
            advice=_AGAIN,
        )
    return worst


def golden_face(face: Face) -> GoldenFace:
    """Write an answer down, to hundredths of a pixel."""
    return GoldenFace(
        box=_four(_rounded(_box(face.box))),
        eyes=_four(_rounded(_eyes(face.box))),
        mesh=tuple((x, y, z) for x, y, z in (_rounded(point) for point in face.mesh)),
    )


def _distance(face: Face, wanted: GoldenFace) -> float:
    found = np.concatenate([_box(face.box), _eyes(face.box), face.mesh.ravel()])
    stated = np.concatenate([wanted.box, wanted.eyes, np.asarray(wanted.mesh).ravel()])
    return float(np.abs(found - stated).max())


def _box(box: FaceBox) -> Points:
    return np.array([box.left, box.top, box.right, box.bottom], np.float32)


def _eyes(box: FaceBox) -> Points:
    return np.array([*box.right_eye, *box.left_eye], np.float32)


def _rounded(values: Points) -> list[float]:
    return [round(float(value), 2) for value in values]


def _four(values: list[float]) -> tuple[float, float, float, float]:
    a, b, c, d = values
    return a, b, c, d


def _read(raw: bytes) -> VisionGolden:
    try:
        golden = VisionGolden.model_validate_json(raw)
    except ValidationError:
        raise BundleError(
            f"{GOLDEN_FILE} of the vision bundle is malformed", advice=_AGAIN
        ) from None
    if golden.formula != FORMULA or len(golden.faces) != COUNT:
        raise BundleError(
            f"{GOLDEN_FILE} of the vision bundle is for other golden frames than this release "
            "draws",
            advice=_AGAIN,
        )
    return golden
