"""Several embedders as one: their unit embeddings side by side, each by the root of its weight.

The cosine of two such embeddings is the weighted mean of the parts' cosines, so references, store,
thresholds and parity work as with one network. Each part is a whole bundle in a folder of its own
below the fusion's; the fusion names it by the hash of its manifest, which names its files.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from numpy.typing import NDArray
from pydantic import Field, model_validator
from typing_extensions import Self

from edgeverify.bundle.canonical_json import sha256_of
from edgeverify.bundle.embedding_space import fusion_space
from edgeverify.bundle.loading import Bundle, load_bundle
from edgeverify.bundle.manifest import PLAIN_NAME, Precision, Sha256
from edgeverify.bundle.operating_points import OperatingPoints
from edgeverify.bundle.verified_folder import (
    MANIFEST_FILE,
    VerifiedFolder,
    parsed,
    read_manifest,
    require_owner,
    stated_kind,
    verified_points,
)
from edgeverify.comparison import normalised
from edgeverify.errors import BundleError
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

    @property
    def files(self) -> dict[str, str]:
        """Files of the fusion's own: none, its parts name theirs."""
        return {}

    @property
    def metric(self) -> Literal["cosine"]:
        """Unit embeddings side by side are compared by cosine."""
        return "cosine"

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


@dataclass(frozen=True, slots=True, kw_only=True)
class FusionBundle(VerifiedFolder):
    """A fusion on disk: its manifest, and each part as a bundle of its own."""

    manifest: FusionManifest
    parts: tuple[Bundle, ...]

    @property
    def name(self) -> str:
        """The bundle's name."""
        return self.manifest.name

    @property
    def metric(self) -> Literal["cosine"]:
        """How two such embeddings are compared."""
        return self.manifest.metric

    @property
    def weights(self) -> tuple[float, ...]:
        """Each part's share of the score, in order."""
        return tuple(part.weight for part in self.manifest.parts)

    @property
    def operating_points(self) -> OperatingPoints | None:
        """The measured thresholds of FP32, FP16 and TensorRT, or None."""
        return self.operating_points_in(self.manifest.embedding_space)

    def space_of(self, precisions: Sequence[Precision]) -> str:
        """Return the embedding space of sessions of those precisions, one a part."""
        each = zip(self.parts, precisions, strict=True)
        spaces = [part.manifest.space_of(precision) for part, precision in each]
        return fusion_space(list(zip(spaces, self.weights, strict=True)))


EmbedderBundle = Bundle | FusionBundle
"""Whatever `model.bundle` may name."""


def load_embedder(folder: Path, *, owner_key: Ed25519PublicKey | None = None) -> EmbedderBundle:
    """Load whichever kind of embedder stands in the folder; BundleError as `load_bundle`."""
    if stated_kind(read_manifest(folder)) == "fusion":
        return load_fusion(folder, owner_key=owner_key)
    return load_bundle(folder, owner_key=owner_key)


def load_fusion(folder: Path, *, owner_key: Ed25519PublicKey | None = None) -> FusionBundle:
    """Load a fusion and all its parts; BundleError, naming the file, where anything is amiss.

    An owner's signature is over the fusion's manifest, which holds its parts' hashes.
    """
    raw = read_manifest(folder)
    manifest = parsed(folder / MANIFEST_FILE, FusionManifest, raw)
    require_owner(folder, raw, manifest.files, owner_key)
    parts = tuple(_part(folder / part.name, part) for part in manifest.parts)
    points = verified_points(folder, manifest.embedding_space, owner_key, "cosine")
    return FusionBundle(folder=folder, manifest=manifest, points=points, parts=parts)


def _part(folder: Path, stated: FusionPart) -> Bundle:
    bundle = load_bundle(folder)
    path = folder / MANIFEST_FILE
    if sha256_of(read_manifest(folder)) != stated.manifest_sha256:
        raise BundleError(
            f"{path} is not the one that the fusion was made of",
            advice="Fetch the fusion again (`edgeverify models fetch`), or restore it.",
        )
    if bundle.manifest.embedding_space != stated.embedding_space:
        raise BundleError(
            f"{path} has a different embedding space from the one that the fusion states"
        )
    if bundle.metric != "cosine":
        raise BundleError(f"{path}: only networks compared by cosine can be fused")
    return bundle
