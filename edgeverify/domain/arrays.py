"""The arrays that flow between the stages, by name."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

RgbImage: TypeAlias = NDArray[np.uint8]
"""Pixels, uint8, shape (height, width, 3), channels red, green, blue."""

Points: TypeAlias = NDArray[np.float32]
"""Pixel coordinates, float32, shape (n, 2) or (n, 3)."""

Vector: TypeAlias = NDArray[np.float32]
"""An embedding's values, float32, shape (n,)."""
