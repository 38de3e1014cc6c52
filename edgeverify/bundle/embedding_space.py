"""The identity of a model's answers: one hash over everything that changes an embedding.

Canonical JSON (sorted keys, UTF-8, no spaces) of: the hash of the weights (`weights_sha256`), arch,
feeding (size, channel order, mean, std, resize), alignment template with its version, mirror rule
of either side, and normalisation. References, their encryption and operating points are bound to
it. An owner's own class adds its operators to its arch, and a graph from elsewhere has them in the
hash of its weights: there a name does not say what is computed. A bundle keeps the space that its
release gave it: those of the first one hashed the file that the weights came in.

The weights are hashed by tensor, whatever file they came in: two files with the same weights (a
pickle, a safetensors file, another archive of the same) are the same network, so their embeddings
may be compared.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from edgeverify.bundle.canonical_json import canonical_json, sha256_of
from edgeverify.feeding.statement import Feeding, Mirror, Numbers


def weights_sha256(tensors: Mapping[str, NDArray[np.generic]]) -> str:
    """Return the hex SHA-256 over name, dtype, shape and little-endian bytes, by order of name.

    Each tensor's head is canonical JSON behind its own length, so that no two sets of tensors give
    the same bytes. ValueError for none, or for tensors that are not plain numbers.
    """
    if not tensors:
        raise ValueError("a network without a tensor has no identity")
    whole = hashlib.sha256()
    for name in sorted(tensors):
        values = np.asarray(tensors[name])
        if values.dtype.kind not in "biufc":
            raise ValueError(f"{name} holds {values.dtype}, not numbers")
        head = canonical_json([name, values.dtype.name, list(values.shape)])
        whole.update(struct.pack("<Q", len(head)) + head)
        plain = np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<"))
        whole.update(plain.tobytes())
    return whole.hexdigest()


def embedding_space(  # noqa: PLR0913 - these are exactly the things that the identity is made of
    *,
    weights_sha256: str,
    arch: str,
    feeding: Feeding,
    template: str,
    template_version: int,
    mirror: Mirror,
    normalise: bool,
    precision: str = "",
) -> str:
    """Hash an embedder's identity; hex SHA-256.

    `precision` is empty for FP32, FP16 and TensorRT, which share a space, and "int8" for INT8.
    """
    identity: dict[str, object] = {
        "weights_sha256": weights_sha256,
        "arch": arch,
        "feeding": _feeding(feeding),
        "template": {"name": template, "version": template_version},
        "mirror": mirror,
        "normalise": normalise,
    }
    if precision:
        identity["precision"] = precision
    return sha256_of(canonical_json(identity))


def int8_space_of(space: str) -> str:
    """Hash the identity of a network quantised to INT8, of which only the FP32 space is known."""
    return sha256_of(canonical_json({"space": space, "precision": "int8"}))


def fusion_space(parts: Sequence[tuple[str, float]]) -> str:
    """Hash a fusion's identity; `parts` are (embedding space, weight) in order of concatenation."""
    return sha256_of(canonical_json({"parts": [[space, weight] for space, weight in parts]}))


def pad_space(
    *, sources: Sequence[tuple[str, float]], arch: str, feeding: Feeding, live_index: int
) -> str:
    """Hash a PAD bundle's identity; `sources` are (SHA-256 of weights, crop scale) in order."""
    return sha256_of(
        canonical_json(
            {
                "sources": [[sha256, scale] for sha256, scale in sources],
                "arch": arch,
                "feeding": _feeding(feeding),
                "live_index": live_index,
            }
        )
    )


def _feeding(feeding: Feeding) -> dict[str, object]:
    # Statistics in pixel values, so that (scale 1/255, mean 0.5) and (scale 1, mean 127.5), which
    # feed the same numbers, are one space.
    return {
        "size": feeding.size,
        "channels": feeding.channels,
        "mean": _in_pixels(feeding.mean, feeding.scale),
        "std": _in_pixels(feeding.std, feeding.scale),
        "resize": feeding.resize,
    }


def _in_pixels(values: Numbers, scale: float) -> list[float]:
    return [round(value / scale, 6) for value in values]
