"""A chip made to look like the photo on a card: printed small, worn, scanned or photographed.

What a door's reference often is. Orders of magnitude follow what printing and scanning do (about
60 to 110 pixels of face, narrowed contrast, a colour cast, soft focus, sensor noise, JPEG).
"""

from __future__ import annotations

from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from edgeverify.domain import RgbImage

Pixels: TypeAlias = NDArray[np.float32]
"""RGB, 0 to 255 or somewhat beyond, (s, s, 3)."""
_PRINTED_SHARE = (0.4, 0.8)
"""Side of the printed picture over that of the chip."""


def as_on_a_card(chip: RgbImage, random: np.random.Generator) -> RgbImage:
    """Return the chip, uint8 RGB (s, s, 3), as a card's photo shows it; drawn by `random`."""
    side = chip.shape[0]
    printed = max(16, round(side * random.uniform(*_PRINTED_SHARE)))
    picture = cv2.resize(chip, (printed, printed), interpolation=cv2.INTER_AREA)
    values = _blurred(_printed(np.asarray(picture, dtype=np.float32), random), side, random)
    if random.random() < 0.5:
        values = _with_glare(values, random)
    noisy = values + random.normal(0, random.uniform(1, 6), values.shape)
    return _compressed(np.clip(noisy, 0, 255).astype(np.uint8), random)


def _blurred(values: Pixels, side: int, random: np.random.Generator) -> Pixels:
    """Soften, and enlarge to the chip's side."""
    soft = cv2.GaussianBlur(values, (0, 0), sigmaX=float(random.uniform(0.3, 1.0)))
    large = cv2.resize(soft, (side, side), interpolation=cv2.INTER_CUBIC)
    return np.asarray(large, dtype=np.float32)


def _printed(values: Pixels, random: np.random.Generator) -> Pixels:
    """Narrow the contrast, cast the colours, lay a print's raster over it."""
    if random.random() < 0.2:
        grey = np.asarray(cv2.cvtColor(values, cv2.COLOR_RGB2GRAY), dtype=np.float32)
        values = np.repeat(grey[:, :, None], 3, axis=2)
    black, white = random.uniform(0, 45), random.uniform(200, 255)
    cast = random.uniform(0.9, 1.1, 3).astype(np.float32)
    gamma = random.uniform(0.8, 1.25)
    toned = (np.clip(values, 0, 255) / 255) ** gamma * (white - black) + black
    rows, columns = np.indices(values.shape[:2])
    angle, wave = random.uniform(0, np.pi), random.uniform(2.2, 4.0)
    raster = np.sin((rows * np.sin(angle) + columns * np.cos(angle)) * 2 * np.pi / wave)
    strength = random.uniform(0, 8)
    return np.asarray(toned * cast + strength * raster[:, :, None], dtype=np.float32)


def _with_glare(values: Pixels, random: np.random.Generator) -> Pixels:
    """Lay a laminate's bright stripe across."""
    side = values.shape[0]
    rows, columns = np.indices(values.shape[:2]) / side
    angle = random.uniform(0, np.pi)
    place = rows * np.sin(angle) + columns * np.cos(angle) - random.uniform(-0.2, 1.2)
    stripe = np.exp(-((place / random.uniform(0.05, 0.25)) ** 2)) * random.uniform(10, 70)
    return np.asarray(values + stripe[:, :, None], dtype=np.float32)


def _compressed(chip: RgbImage, random: np.random.Generator) -> RgbImage:
    quality = int(random.integers(40, 90))
    _, coded = cv2.imencode(".jpg", chip[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = cv2.imdecode(coded, cv2.IMREAD_COLOR)
    return np.ascontiguousarray(np.asarray(decoded, dtype=np.uint8)[:, :, ::-1])
