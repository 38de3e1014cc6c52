"""A picture that never changes is not a person: embeddings of one live face are never equal."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

MAX_SIMILARITY = 0.9998
"""Cosine between the embeddings of two compared frames; at and below it something has changed.

Measured (docs/liveness.md): 1 of 443 pairs of successive frames of live people is above with
dlib's network, at 25 frames a second, and no two in a row; half of them are above 0.999. A picture
on a stand with one grey level of camera noise stays above."""
DECIDING_PAIRS = 5
"""So many pairs without any change are a still picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stillness:
    """How many pairs of successive compared frames were seen, and whether any of them differed."""

    pairs: int = 0
    has_changed: bool = False

    def observe(self, similarity: float | None) -> Stillness:
        """Take in the cosine of a frame's embedding to the one compared before; None: no pair."""
        if similarity is None or not math.isfinite(similarity):
            return self
        changed = self.has_changed or similarity <= MAX_SIMILARITY
        return replace(self, pairs=self.pairs + 1, has_changed=changed)

    @property
    def is_still(self) -> bool:
        """True once nothing has changed over DECIDING_PAIRS pairs."""
        return not self.has_changed and self.pairs >= DECIDING_PAIRS
