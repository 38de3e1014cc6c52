"""The part of a frame that a presentation attack detector looks at."""

from __future__ import annotations

import cv2
import numpy as np

from edgeverify.domain import RgbImage


def crop_around_box(
    rgb: RgbImage,
    *,
    left: float,
    top: float,
    width: float,
    height: float,
    crop_scale: float,
    size: int,
) -> RgbImage:
    """Cut the face's box, widened `crop_scale` times about its centre, to `size` pixels square.

    Frame pixels. A crop larger than the frame is made smaller; one that reaches over the border
    is shifted inside, as the training of Silent-Face-Anti-Spoofing (minivision-ai) did. Its
    sides keep the box's proportions and are then squeezed into the square. ValueError on a box
    without an area.
    """
    frame_height, frame_width = rgb.shape[:2]
    if width < 1 or height < 1:
        raise ValueError("a face box has an area")
    scale = min(crop_scale, (frame_width - 1) / width, (frame_height - 1) / height)
    x0, x1 = _inside(left + width / 2, width * scale, frame_width)
    y0, y1 = _inside(top + height / 2, height * scale, frame_height)
    crop = np.ascontiguousarray(rgb[y0 : y1 + 1, x0 : x1 + 1])
    resized = cv2.resize(crop, (size, size), interpolation=cv2.INTER_LINEAR)
    return np.asarray(resized, dtype=np.uint8)


def _inside(centre: float, length: float, limit: int) -> tuple[int, int]:
    low, high = centre - length / 2, centre + length / 2
    if low < 0:
        low, high = 0, high - low
    if high > limit - 1:
        low, high = low - (high - limit + 1), limit - 1
    return max(0, int(low)), min(limit - 1, int(high))
