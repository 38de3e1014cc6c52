"""The least-squares similarity transform between two sets of points (Umeyama, 1991)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def fit_similarity(
    source: NDArray[np.floating[Any]], target: NDArray[np.floating[Any]]
) -> NDArray[np.float64]:
    """Rotation, one scale and a shift that bring `source` closest to `target`.

    Both are (n, 2), n at least 2; the result is float64 (2, 3). Raises ValueError where all source
    points fall together. Source: S. Umeyama, IEEE PAMI 13(4), 1991, for two dimensions in closed
    form: without reflection, the optimum is one complex factor.
    """
    moved = np.asarray(source, dtype=np.float64)
    fixed = np.asarray(target, dtype=np.float64)
    moved_centre = moved.mean(axis=0)
    fixed_centre = fixed.mean(axis=0)
    a = moved - moved_centre
    b = fixed - fixed_centre
    spread = float((a * a).sum())
    if not np.isfinite(spread) or spread <= 1e-9:
        raise ValueError("the points of a face fall together")
    real = float((a * b).sum()) / spread
    imaginary = float((a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum()) / spread
    rotation = np.array([[real, -imaginary], [imaginary, real]])
    return np.column_stack([rotation, fixed_centre - rotation @ moved_centre])
