"""A picture that never changes is not a person: a live face moves away from its first embedding.

Measured (docs/liveness.md, 'Stillness'): every live face of the shared clips fell to MAX_SIMILARITY
within 0.4 s at 25 frames per second, and within 1.8 s where it hardly moved. Pairs of neighbouring
frames say less: at 25 a second half of dlib's are above 0.999 while a person talks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from edgeverify.domain import Embedding

MAX_SIMILARITY = 0.999
"""Cosine to the first matching frame; at and below it something has changed. A still photo stays
above, with camera noise of two grey levels too (dlib's network; the others see more of noise)."""
FROZEN_SIMILARITY = 0.9998
"""Above it nothing has changed at all: a frozen picture."""
DECIDING_PAIRS = 5
"""So many pairs above FROZEN_SIMILARITY are a frozen picture at once."""
STILL_SECONDS = 3.0
"""And so long without a pair at or below MAX_SIMILARITY is a still one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stillness:
    """How far the embeddings of one transaction have moved from the first.

    `lowest` is the lowest cosine to `first`, over `pairs` pairs that took `seconds` in all.
    """

    first: Embedding | None = None
    since: float = 0.0
    seconds: float = 0.0
    pairs: int = 0
    lowest: float = 1.0

    def observe(self, at: float, embedding: Embedding | None) -> Stillness:
        """Take in one matching frame: capture time (seconds) and embedding; None tells nothing."""
        if embedding is None:
            return self
        if self.first is None:
            return replace(self, first=embedding, since=at)
        return replace(
            self,
            seconds=at - self.since,
            pairs=self.pairs + 1,
            lowest=min(self.lowest, _cosine(self.first, embedding)),
        )

    @property
    def has_changed(self) -> bool:
        """True once a frame differed from the first as those of a live face do."""
        return self.lowest <= MAX_SIMILARITY

    @property
    def is_still(self) -> bool:
        """True for a frozen picture, and for one that has not changed for long enough."""
        if self.pairs < DECIDING_PAIRS or self.has_changed:
            return False
        return self.lowest > FROZEN_SIMILARITY or self.seconds >= STILL_SECONDS


def _cosine(one: Embedding, other: Embedding) -> float:
    """Return the cosine, or 1 where there is none: what cannot be compared has not changed."""
    a, b = one.values.astype(np.float64), other.values.astype(np.float64)
    if a.shape != b.shape:
        return 1.0
    length = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / length if length > 0 else 1.0
