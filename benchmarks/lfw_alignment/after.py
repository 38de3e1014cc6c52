"""What could follow the network: linear maps of embeddings, learnt on the tuning folds alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from benchmarks.lfw_alignment.figures import Array

After = Callable[[Array, NDArray[np.bool_], NDArray[np.str_]], Array]
"""From embeddings (n, d), which rows may be learnt from, and whose they are."""


def unchanged(embeddings: Array, _tuning: NDArray[np.bool_], _people: NDArray[np.str_]) -> Array:
    """Leave them."""
    return embeddings


def centred(embeddings: Array, tuning: NDArray[np.bool_], _people: NDArray[np.str_]) -> Array:
    """Subtract the mean embedding of the tuning folds."""
    return _of_length_1(embeddings - np.nanmean(embeddings[tuning], axis=0))


def half_whitened(embeddings: Array, tuning: NDArray[np.bool_], _people: NDArray[np.str_]) -> Array:
    """Centre, then take half of the (logarithmic) spread out of every principal direction."""
    mean = np.nanmean(embeddings[tuning], axis=0)
    rest = embeddings - mean
    known = rest[tuning & np.isfinite(rest[:, 0])]
    return _of_length_1(rest @ _power(known.T @ known / len(known), -0.25))


def within_class(embeddings: Array, tuning: NDArray[np.bool_], people: NDArray[np.str_]) -> Array:
    """Centre, then weaken the directions in which pictures of one person differ.

    Within-class covariance normalisation (Hatch, Kajarekar, Stolcke, Interspeech 2006), its
    covariance shrunk by 0.3 towards a multiple of the identity, to the power -1/4.
    """
    rest = embeddings - np.nanmean(embeddings[tuning], axis=0)
    usable = tuning & np.isfinite(rest[:, 0])
    parts = [rest[usable & (people == person)] for person in np.unique(people[usable])]
    strays = np.concatenate([part - part.mean(axis=0) for part in parts if len(part) > 1])
    covariance = strays.T @ strays / len(strays)
    size = len(covariance)
    shrunk = 0.7 * covariance + 0.3 * np.trace(covariance) / size * np.eye(size)
    return _of_length_1(rest @ _power(shrunk, -0.25))


def _power(covariance: NDArray[np.floating], exponent: float) -> NDArray[np.floating]:
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray(vectors @ np.diag(np.maximum(values, 1e-9) ** exponent) @ vectors.T)


def _of_length_1(embeddings: NDArray[np.floating]) -> Array:
    lengths = np.linalg.norm(embeddings, axis=1, keepdims=True)
    return np.asarray(embeddings / lengths, dtype=np.float32)
