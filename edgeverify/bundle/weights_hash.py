"""One hash over the tensors of a network, whatever file they came in.

Two files with the same weights (a pickle, a safetensors file, another archive of the same) are
the same network, so their embeddings may be compared.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from edgeverify.bundle.canonical_json import canonical_json


def weights_sha256(tensors: Mapping[str, NDArray[np.generic]]) -> str:
    """Return the hex SHA-256 over name, dtype, shape and little-endian bytes, by order of name.

    Each tensor's head is canonical JSON behind its own length, so that no two sets of tensors give
    the same bytes. ValueError for none, or for tensors that are no plain numbers.
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
