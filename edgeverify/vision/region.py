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
_OUTER_CORNERS = np.array([33, 263])
_PER_VALUE = np.float32(1 / 255)  # `output_tensor_float_range` 0 to 1


class Places:
    """Where a drawing of fixed size takes its pixels from; the same memory each time.

    Samples are bilinear, as MediaPipe 0.10.21 takes them. It carries OpenCV 3.4, which rounds each
    place to a 32nd of a pixel before it weighs the four pixels around it. Newer releases round no
    more in `warpAffine`, which moves 1 % of the mesh's points by 2.7 % of the eye distance; in
    `remap` with places in fixed point they do as ever.
    """

    def __init__(self, width: int, height: int) -> None:
        self._columns: NDArray[np.float32] = np.arange(width, dtype=np.float32)
        self._rows: NDArray[np.float32] = np.arange(height, dtype=np.float32)[:, None]
        self._x: NDArray[np.float32] = np.empty((height, width), np.float32)
        self._y: NDArray[np.float32] = np.empty((height, width), np.float32)
        self._whole: NDArray[np.int16] = np.empty((height, width, 2), np.int16)
        self._parts: NDArray[np.uint16] = np.empty((height, width), np.uint16)
        self._drawing: RgbImage = np.empty((height, width, 3), np.uint8)

    def lay(self, into_picture: NDArray[np.float64]) -> None:
        """Take pixel (x, y) from (2, 3) `into_picture` times (x, y, 1), in the picture's pixels."""
        for (by_x, by_y, offset), places in zip(into_picture, (self._x, self._y), strict=True):
            along = self._columns * np.float32(by_x)
            down = self._rows * np.float32(by_y) + np.float32(offset)
            np.add(along, down, out=places)
        cv2.convertMaps(self._x, self._y, cv2.CV_16SC2, dstmap1=self._whole, dstmap2=self._parts)

    def draw(self, rgb: RgbImage, border: int) -> RgbImage:
        """Return the drawing, which the next one overwrites; `border` is OpenCV's `BORDER_...`."""
        cv2.remap(
            rgb, self._whole, self._parts, cv2.INTER_LINEAR, dst=self._drawing, borderMode=border
        )
        return self._drawing


class Square:
    """The network's input, made in the same memory for each region."""

    def __init__(self) -> None:
        self.batch: NDArray[np.float32] = np.empty((1, INPUT, INPUT, 3), np.float32)
        """What the network is given, 0 to 1."""
        self._places = Places(INPUT, INPUT)

    def fill(self, rgb: RgbImage, region: Region) -> None:
        """Put a region of a frame, uint8 (h, w, 3), into the square, its eyes level.

        Bilinear, a pixel's corner on a pixel's corner; beyond the frame its border goes on.
        """
        self._places.lay(region.into_frame())
        drawn = self._places.draw(rgb, cv2.BORDER_REPLICATE)
        np.multiply(drawn, _PER_VALUE, out=self.batch[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A square in frame pixels; `rotation` in radians, clockwise in the picture."""

    x: float
    y: float
    side: float
    rotation: float

    def project(self, answer: NDArray[np.float32]) -> Points:
        """Return points (n, 3) of the square, in its pixels, as float32 (n, 3) of the frame.

        The third value is depth in the same unit, smaller is nearer.
        """
        into_frame = self.into_frame()
        points = np.empty_like(answer)
        points[:, :2] = answer[:, :2] @ into_frame[:, :2].T + into_frame[:, 2]
        points[:, 2] = answer[:, 2] * (self.side / INPUT)
        return points

    def into_frame(self) -> NDArray[np.float64]:
        """Return what takes (x, y, 1) of the square to the frame, both in pixels: (2, 3)."""
        step = self.side / INPUT
        cosine, sine = math.cos(self.rotation) * step, math.sin(self.rotation) * step
        half = INPUT / 2
        return np.array(
            [
                [cosine, -sine, self.x - half * (cosine - sine)],
                [sine, cosine, self.y - half * (sine + cosine)],
            ]
        )


def region_of_box(box: FaceBox, scale: float) -> Region:
    """Lay the square around the detector's box, its eyes level; `scale` times the longer side."""
    dx = box.left_eye[0] - box.right_eye[0]
    dy = box.left_eye[1] - box.right_eye[1]
    x, y = box.centre
    return Region(x=x, y=y, side=scale * max(box.width, box.height), rotation=math.atan2(dy, dx))


def region_of_mesh(mesh: Points, scale: float) -> Region:
    """Lay the square around a mesh (468, 3), its outer eye corners (33, 263) level."""
    (right_x, right_y), (left_x, left_y) = mesh[_OUTER_CORNERS, :2].tolist()
    rotation = math.atan2(left_y - right_y, left_x - right_x)
    cosine, sine = math.cos(rotation), math.sin(rotation)
    level = np.array([[cosine, sine], [-sine, cosine]]) @ mesh[:, :2].T
    left, top = level.min(axis=1).tolist()
    right, bottom = level.max(axis=1).tolist()
    x, y = (left + right) / 2, (top + bottom) / 2
    return Region(
        x=cosine * x - sine * y,
        y=sine * x + cosine * y,
        side=scale * max(right - left, bottom - top),
        rotation=rotation,
    )
