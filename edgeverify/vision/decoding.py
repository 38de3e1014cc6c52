"""From the raw answer of the full-range detector to faces in its input square (pure).

What MediaPipe 0.10.21 does with it, written once more; every constant is printed by its own
expanded graph `FaceDetectionFullRangeCpu` (a test asks the graph itself):
SsdAnchorsCalculator, TensorsToDetectionsCalculator and NonMaxSuppressionCalculator.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

INPUT = 192
"""Side of the square that the network sees, and the unit of its answers
(`input_size_width`, `x_scale`, `y_scale`, `w_scale`, `h_scale`)."""
_STRIDE = 4  # `strides`: one anchor in each square of this many pixels, one layer
_OFFSET = 0.5  # `anchor_offset_x`, `anchor_offset_y`: in its middle; `fixed_anchor_size`: size 1
_MAX_LOGIT = 100.0  # `score_clipping_thresh`
_SAME_FACE = 0.3  # `min_suppression_threshold`, of INTERSECTION_OVER_UNION

ANCHORS = (INPUT // _STRIDE) ** 2
VALUES = 16
"""Centre, width, height (`reverse_output_order`: x first), then six points of two values
(`num_coords`, `keypoint_coord_offset`, `num_keypoints`)."""


def _middles() -> NDArray[np.float32]:
    """Return the middle of each anchor's square, in sides of the input: x, y, float32 (n, 2)."""
    rows, columns = np.divmod(np.arange(ANCHORS), INPUT // _STRIDE)
    middles = (np.stack([columns, rows], axis=1) + _OFFSET) * (_STRIDE / INPUT)
    return middles.astype(np.float32)


_MIDDLES = _middles()


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """One face, in sides of the input square.

    `box` is left, top, right, bottom, float32 (4,); `points` float32 (6, 2): right eye, left
    eye, nose tip, mouth, right and left ear. `score` is 0 to 1.
    """

    score: float
    box: NDArray[np.float32]
    points: NDArray[np.float32]


def decode(
    boxes: NDArray[np.float32], logits: NDArray[np.float32], min_score: float
) -> list[Detection]:
    """Return the faces with at least `min_score` (0 to 1), the most confident first.

    `boxes` (2304, 16) and `logits` (2304,) are the network's outputs. Answers that are no
    number, or boxes of no size, are left out as MediaPipe does.
    """
    lowest = math.log(min_score / (1 - min_score)) if 0 < min_score < 1 else -math.inf
    (likely,) = np.nonzero(logits >= lowest - 1e-3)
    if not likely.size:
        return []
    clipped = np.minimum(np.maximum(logits[likely].astype(np.float64), -_MAX_LOGIT), _MAX_LOGIT)
    scores = (1 / (1 + np.exp(-clipped))).astype(np.float32)
    raw = boxes[likely] / np.float32(INPUT)
    is_face = (scores >= np.float32(min_score)) & np.isfinite(raw).all(axis=1)
    is_face &= (raw[:, 2] >= 0) & (raw[:, 3] >= 0)
    scores, raw, likely = scores[is_face], raw[is_face], likely[is_face]
    order = np.argsort(-scores, kind="stable")
    return _merged(_placed(raw[order], likely[order]), scores[order])


def _placed(raw: NDArray[np.float32], anchors: NDArray[np.intp]) -> NDArray[np.float32]:
    """Return rows of left, top, right, bottom and the points, from offsets to the anchors."""
    middles = _MIDDLES[anchors]
    centre, half = raw[:, :2] + middles, raw[:, 2:4] / 2
    rows = np.empty_like(raw)
    np.subtract(centre, half, out=rows[:, :2])
    np.add(centre, half, out=rows[:, 2:4])
    points = raw[:, 4:].reshape(-1, 6, 2) + middles[:, None]
    rows[:, 4:] = points.reshape(-1, 12)
    return rows


def _merged(rows: NDArray[np.float32], scores: NDArray[np.float32]) -> list[Detection]:
    """Merge what overlaps into its mean, weighted by score (`algorithm: WEIGHTED`)."""
    found = []
    while scores.size:
        overlap = _overlap(rows[0, :4], rows[:, :4])
        is_same = overlap > _SAME_FACE
        is_same[0] = True  # a box of no size overlaps nothing, itself included
        weights = scores[is_same]
        mean = (weights @ rows[is_same]) / weights.sum()
        found.append(Detection(float(scores[0]), mean[:4], mean[4:].reshape(6, 2)))
        rows, scores = rows[~is_same], scores[~is_same]
    return found


def _overlap(box: NDArray[np.float32], boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the intersection of `box` with each of `boxes` over their union, 0 to 1."""
    sides = np.maximum(np.minimum(box[2:], boxes[:, 2:]) - np.maximum(box[:2], boxes[:, :2]), 0)
    shared = sides[:, 0] * sides[:, 1]
    lengths = boxes[:, 2:] - boxes[:, :2]
    union = lengths[:, 0] * lengths[:, 1] + (box[2] - box[0]) * (box[3] - box[1]) - shared
    return np.asarray(np.divide(shared, union, out=np.zeros_like(shared), where=union > 0))
