"""From a chip to an embedding: feed, infer, add the mirror image, normalise."""

from __future__ import annotations

import numpy as np

from edgeverify.domain import RgbImage, Vector
from edgeverify.errors import RuntimeUnavailableError
from edgeverify.runtime.manifest import Manifest
from edgeverify.runtime.preprocessing import feed
from edgeverify.runtime.session import Session


def embed_raw(session: Session, manifest: Manifest, chip: RgbImage) -> Vector:
    """Answer with the network's own output for one chip: no mirror, not normalised."""
    raw = _checked(session.run(feed(chip, manifest.feeding)), manifest)
    return np.asarray(raw[0], dtype=np.float32)


def embed_chip(session: Session, manifest: Manifest, chip: RgbImage) -> Vector:
    """Embed a chip as the manifest says: float32 (embedding_size,), of length 1 if normalised.

    RuntimeUnavailableError where the back end answers with another shape or with NaN: such an
    answer must never be compared.
    """
    raw = _checked(session.run(feed(chip, manifest.feeding, mirror=manifest.mirror)), manifest)
    return pool(raw, normalise=manifest.normalise)


def pool(raw: Vector, *, normalise: bool) -> Vector:
    """Add up (b, d) network outputs of one face; divide by their length, or by their number."""
    total = raw.sum(axis=0, dtype=np.float64)
    length = float(np.linalg.norm(total)) if normalise else float(len(raw))
    if length <= 1e-12:
        raise RuntimeUnavailableError("the network answered with zeros")
    return np.asarray(total / length, dtype=np.float32)


def _checked(raw: Vector, manifest: Manifest) -> Vector:
    if raw.ndim != 2 or raw.shape[1] != manifest.embedding_size or not np.isfinite(raw).all():
        raise RuntimeUnavailableError(
            f"the network of bundle {manifest.name} answered with {raw.dtype} {raw.shape} or NaN"
        )
    return raw
