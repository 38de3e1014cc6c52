"""The turned square around a face that the mesh network looks at, and the way back from it.

As ImageToTensorCalculator, TensorsToLandmarksCalculator and LandmarkProjectionCalculator of
MediaPipe 0.10.21 do, with the options that its expanded graph `FaceLandmarkCpu` prints.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edgeverify.domain import FaceBox, Points, RgbImage

INPUT = 192
"""Side of the square that the network sees, and the unit of its answers
(`output_tensor_width`, `output_tensor_height`, `input_image_width`, `input_image_height`)."""
_PER_VALUE = np.float32(1 / 255)  # `output_tensor_float_range` 0 to 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A square in frame pixels; `rotation` in radians, clockwise in the picture."""

    x: float
    y: float
    side: float
    rotation: float

    def cut(self, rgb: RgbImage, out: NDArray[np.float32]) -> None:
        """Fill `out`, float32 (192, 192, 3), 0 to 1, with the square, its eyes level.

        Bilinear, a pixel's corner on a pixel's corner; beyond the frame its border goes on.
        """
        turn = self._turn()
        into_frame = np.column_stack([turn, (self.x, self.y) - turn.sum(axis=1) * (INPUT / 2)])
        pixels = cv2.warpAffine(
            rgb,
            into_frame,
            (INPUT, INPUT),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        np.multiply(pixels, _PER_VALUE, out=out)

    def project(self, answer: NDArray[np.float32]) -> Points:
        """Return points (n, 3) of the square, in its pixels, as float32 (n, 3) of the frame.

        The third value is depth in the same unit, smaller is nearer.
        """
        turn = self._turn()
        points = np.empty_like(answer)
        points[:, :2] = (answer[:, :2] - INPUT / 2) @ turn.T + (self.x, self.y)
        points[:, 2] = answer[:, 2] * (self.side / INPUT)
        return points

    def _turn(self) -> NDArray[np.float64]:
        """Return frame pixels by square pixel, turned: (2, 2)."""
        step = self.side / INPUT
        cosine, sine = math.cos(self.rotation) * step, math.sin(self.rotation) * step
        return np.array([[cosine, -sine], [sine, cosine]])


def region_of_box(box: FaceBox, scale: float) -> Region:
    """Lay the square around the detector's box, its eyes level; `scale` times the longer side."""
    dx = box.left_eye[0] - box.right_eye[0]
    dy = box.left_eye[1] - box.right_eye[1]
    x, y = box.centre
    return Region(x=x, y=y, side=scale * max(box.width, box.height), rotation=math.atan2(dy, dx))


def region_of_mesh(mesh: Points, scale: float) -> Region:
    """Lay the square around a mesh (468, 3), its outer eye corners (33, 263) level."""
    across = mesh[263, :2] - mesh[33, :2]
    rotation = math.atan2(float(across[1]), float(across[0]))
    cosine, sine = math.cos(rotation), math.sin(rotation)
    turn = np.array([[cosine, -sine], [sine, cosine]])
    level = mesh[:, :2].astype(np.float64) @ turn
    low, high = level.min(axis=0), level.max(axis=0)
    centre = turn @ ((low + high) / 2)
    return Region(
        x=float(centre[0]),
        y=float(centre[1]),
        side=scale * float((high - low).max()),
        rotation=rotation,
    )
