"""From a chip to an embedding: feed, infer, add the mirror image, normalise."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgeverify.bundle.manifest import Manifest
from edgeverify.domain import RgbImage, Vector
from edgeverify.errors import RuntimeUnavailableError
from edgeverify.feeding.preprocessing import Batch, feed
from edgeverify.feeding.statement import Side
from edgeverify.runtime.session import Session


def embed_raw(session: Session, manifest: Manifest, chip: RgbImage) -> Vector:
    """Return the network's own output for one chip: no mirror, not normalised."""
    raw = _checked(session.run(feed(chip, manifest.feeding)), manifest)
    return np.asarray(raw[0], dtype=np.float32)


def embed_chip(session: Session, manifest: Manifest, chip: RgbImage, side: Side) -> Vector:
    """Embed a chip as the manifest says for that side: float32 (d,), of length 1 if normalised.

    RuntimeUnavailableError where the back end answers with another shape or with NaN: such an
    answer must never be compared.
    """
    mirror = manifest.is_mirrored(side)
    raw = _checked(session.run(feed(chip, manifest.feeding, mirror=mirror)), manifest)
    return pool(raw, normalise=manifest.normalise)


def embed_chips(
    session: Session, manifest: Manifest, chips: Sequence[RgbImage], side: Side
) -> Batch:
    """Embed several chips in one run, each as `embed_chip` does: float32 (n, embedding_size).

    ValueError for none; RuntimeUnavailableError as `embed_chip`.
    """
    mirror = manifest.is_mirrored(side)
    each = 2 if mirror else 1
    batch = np.concatenate([feed(chip, manifest.feeding, mirror=mirror) for chip in chips])
    raw = _checked(session.run(batch), manifest)
    rows = [raw[start : start + each] for start in range(0, len(raw), each)]
    return np.stack([pool(row, normalise=manifest.normalise) for row in rows])


def embed_both_sides(session: Session, manifest: Manifest, chip: RgbImage) -> tuple[Vector, Vector]:
    """Embed a chip as a probe and as a reference, in one run; as `embed_chip` does each."""
    mirror = manifest.is_mirrored("reference")
    raw = _checked(session.run(feed(chip, manifest.feeding, mirror=mirror)), manifest)
    reference = pool(raw, normalise=manifest.normalise)
    if manifest.is_mirrored("probe") == mirror:
        return reference, reference
    return pool(raw[:1], normalise=manifest.normalise), reference


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
