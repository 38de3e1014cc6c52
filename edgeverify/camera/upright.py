"""From pixels in memory to the picture that everything after it expects."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from edgeverify.camera.picture import Rows

if TYPE_CHECKING:
    from edgeverify.domain import RgbImage


def upright(rows: Rows, turn_degrees: int, *, mirror: bool = False) -> RgbImage:
    """Return a new RGB picture (uint8, height, width, 3), turned clockwise and then mirrored.

    `turn_degrees` is a multiple of 90. The only copy that a frame goes through.
    """
    import cv2  # noqa: PLC0415  the daemon alone needs it, once it takes a picture
    import numpy as np  # noqa: PLC0415

    lying = np.frombuffer(rows.memory, np.uint8).reshape(rows.height, rows.width, 3)
    turns = {
        90: cv2.ROTATE_90_CLOCKWISE,
        180: cv2.ROTATE_180,
        270: cv2.ROTATE_90_COUNTERCLOCKWISE,
    }
    turn = turn_degrees % 360
    turned = cv2.rotate(lying, turns[turn]) if turn else lying
    if mirror:
        turned = cv2.flip(turned, 1)
    return cast("RgbImage", turned.copy() if turned is lying else turned)
