"""From OpenCV's blue, green, red to the red, green, blue that everything after it expects."""

from __future__ import annotations

from typing import cast

from edgeverify.camera.reader import BgrImage
from edgeverify.domain import RgbImage


def to_rgb(bgr: BgrImage) -> RgbImage:
    """Give a new RGB picture; the only conversion, and the only copy, that a frame goes through."""
    import cv2  # noqa: PLC0415

    return cast("RgbImage", cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB))
