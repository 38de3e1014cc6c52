"""Everything that is left to chance comes from the recipe's seed and from where the training is.

So a training that was stopped and resumed draws what it would have drawn, whatever its workers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch


def seed_of(*parts: object) -> int:
    """Return a seed, 0 to 2**63 - 1, that these parts alone decide."""
    digest = hashlib.sha256(repr(parts).encode()).digest()
    return int.from_bytes(digest[:8], "little") >> 1


def draws(*parts: object) -> np.random.Generator:
    """Return a generator of its own for these parts."""
    return np.random.default_rng(seed_of(*parts))


@contextmanager
def torch_drawing(*parts: object) -> Iterator[None]:
    """Let torch's CPU generator draw by these parts while the block runs, then as before."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_of(*parts))
        yield
