"""From a chip to the network's input, exactly as the manifest says."""

from __future__ import annotations

from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from edgeverify.domain import RgbImage
from edgeverify.feeding.statement import Feeding

Batch: TypeAlias = NDArray[np.float32]
"""(b, 3 or 1, size, size), what a network is fed; also what it gives back, (b, d)."""


def feed(chip: RgbImage, feeding: Feeding, *, mirror: bool = False) -> Batch:
    """Make a batch of a chip: float32 (1, 3, size, size), or (2, ...) with its mirror image last.

    One channel where the network takes grey: BT.601 luma in whole numbers, as OpenCV and Pillow
    make it of RGB. `chip` is uint8 RGB (size, size, 3); ValueError on any other shape or type.
    """
    if chip.dtype != np.uint8 or chip.shape != (feeding.size, feeding.size, 3):
        raise ValueError(
            f"the chip must be uint8 ({feeding.size}, {feeding.size}, 3), "
            f"not {chip.dtype} {chip.shape}"
        )
    ordered = _ordered(chip, feeding)
    # One multiplication and one addition per pixel: (p * scale - mean) / std = p * a + b.
    std = np.asarray(feeding.std, dtype=np.float64)
    gain = (feeding.scale / std).astype(np.float32)
    shift = (-np.asarray(feeding.mean, dtype=np.float64) / std).astype(np.float32)
    batch = np.empty(
        (2 if mirror else 1, feeding.depth, feeding.size, feeding.size), dtype=np.float32
    )
    for channel in range(feeding.depth):
        np.multiply(ordered[:, :, channel], gain[channel], out=batch[0, channel])
    batch[0] += shift[:, None, None]
    if mirror:
        batch[1] = batch[0, :, :, ::-1]
    return batch


def as_seen(chip: RgbImage, feeding: Feeding) -> RgbImage:
    """Return the chip as it is shown to people: grey, three times, where the network takes grey.

    Feeding what comes back gives the same numbers as feeding the chip.
    """
    if feeding.channels == "grey":
        return np.repeat(_ordered(chip, feeding), 3, axis=2)
    return chip


def _ordered(chip: RgbImage, feeding: Feeding) -> RgbImage:
    if feeding.channels == "grey":
        return np.asarray(cv2.cvtColor(chip, cv2.COLOR_RGB2GRAY), dtype=np.uint8)[:, :, np.newaxis]
    return chip[:, :, ::-1] if feeding.channels == "bgr" else chip
