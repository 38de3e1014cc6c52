"""MobileFaceNet as a bundle, made of the trained weights that an owner would bring."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Literal

from edgeverify.feeding.statement import Feeding, Mirror
from edgeverify.models.bundle_writer import EmbedderRecipe, write_embedder


def write_mobilefacenet(
    folder: Path,
    trained_models: Path,
    *,
    metric: Literal["cosine", "euclidean"] = "cosine",
    normalise: bool = True,
    mirror: Mirror = "both",
) -> None:
    """Write a bundle that states what an owner might."""
    model = (trained_models / "MobileFaceNet.onnx").read_bytes()
    recipe = EmbedderRecipe(
        name="mobilefacenet",
        arch="mobilefacenet",
        source_sha256=hashlib.sha256(model).hexdigest(),
        weights_sha256=hashlib.sha256(model).hexdigest(),
        feeding=Feeding(
            size=112,
            channels="rgb",
            scale=1 / 255,
            mean=(0.485, 0.456, 0.406),
            std=(0.229, 0.224, 0.225),
            resize="linear",
        ),
        template="arcface-112",
        embedding_size=128,
        licence="Apache-2.0",
        metric=metric,
        normalise=normalise,
        mirror=mirror,
    )
    write_embedder(folder, recipe, {"fp32": model})
