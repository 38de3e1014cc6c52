"""The golden answers of the vision bundle, as MediaPipe's own graphs give them."""

from __future__ import annotations

from benchmarks.mediapipe_equality.yardstick import Yardstick
from edgeverify.bundle.golden_frames import COUNT, FORMULA, golden_frame
from edgeverify.vision.golden import GoldenFace, VisionGolden, golden_face
from edgeverify.vision.mesh import face_of

MADE_BY = "mediapipe 0.10.21"


def golden_by_mediapipe(yardstick: Yardstick) -> str:
    """Return the text of `golden.json`; RuntimeError where a golden frame has not one face."""
    golden = VisionGolden(
        formula=FORMULA,
        made_by=MADE_BY,
        faces=tuple(_face(yardstick, index) for index in range(COUNT)),
    )
    return golden.model_dump_json() + "\n"


def _face(yardstick: Yardstick, index: int) -> GoldenFace:
    found = yardstick.look(golden_frame(index))
    if len(found) != 1 or found[0].second is None:
        raise RuntimeError(f"golden frame {index} has {len(found)} faces")
    return golden_face(face_of(found[0].second, found[0].box))
