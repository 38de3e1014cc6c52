"""Several embedders as one: their unit embeddings side by side, each by the root of its weight.

The cosine of two such embeddings is the weighted mean of the parts' cosines, so references, store,
thresholds and parity work as with one network. Each part is a whole bundle in a folder of its own
below the fusion's; the fusion names it by the hash of its manifest, which names its files.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator
from typing_extensions import Self

from edgeverify.bundle.embedding_space import fusion_space
from edgeverify.bundle.manifest import PLAIN_NAME, Sha256
from edgeverify.comparison import normalised
from edgeverify.feeding.statement import BundleModel


class FusionPart(BundleModel):
    """One embedder of a fusion; `weight` is its share of the score, all shares add up to 1."""

    name: str = Field(pattern=PLAIN_NAME.pattern)
    weight: float = Field(gt=0, lt=1)
    embedding_space: Sha256
    manifest_sha256: Sha256


class FusionManifest(BundleModel):
    """`manifest.json` of a fusion; its parts' own manifests say how each is fed.

    `embedding_space` is the hash of the parts' spaces and weights. `weak` says why a door should
    not use it, empty where it may.
    """

    schema_version: Literal[2] = 2
    kind: Literal["fusion"] = "fusion"
    name: str = Field(pattern=PLAIN_NAME.pattern)
    parts: tuple[FusionPart, ...] = Field(min_length=2, max_length=8, strict=False)
    embedding_space: Sha256
    licence: str
    notes: str = ""
    weak: str = Field(default="", max_length=500)
    tool_versions: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        names = [part.name for part in self.parts]
        if len(set(names)) != len(names):
            raise ValueError("two parts have one name")
        if not math.isclose(sum(part.weight for part in self.parts), 1, abs_tol=1e-6):
            raise ValueError("the weights of the parts do not add up to 1")
        spaces = [(part.embedding_space, part.weight) for part in self.parts]
        if self.embedding_space != fusion_space(spaces):
            raise ValueError("embedding_space is not that of the parts and their weights")
        return self


def concatenated(
    parts: Sequence[NDArray[np.float32]], weights: Sequence[float]
) -> NDArray[np.float32]:
    """Return (n, d1), (n, d2), ... as one float32 (n, d1 + d2 + ...), of length 1 a row."""
    roots = np.sqrt(np.asarray(weights, dtype=np.float64) / sum(weights)).astype(np.float32)
    scaled = [normalised(part) * root for part, root in zip(parts, roots, strict=True)]
    return normalised(np.concatenate(scaled, axis=-1))
