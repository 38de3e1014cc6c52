"""VGG19 (Simonyan and Zisserman, 2014, arXiv 1409.1556) as a Siamese embedder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torchvision
from torch import nn

from edgeverify_export.networks.architecture import rows

if TYPE_CHECKING:
    from torch import Tensor

    from edgeverify_export.networks.architecture import Weights


class SiameseVgg19(nn.Module):
    """VGG19's convolutions, global average pool, a dense layer to the embedding."""

    def __init__(self, embedding_size: int, *, batch_norm: bool = False) -> None:
        super().__init__()
        build = torchvision.models.vgg19_bn if batch_norm else torchvision.models.vgg19
        self.features = build(weights=None).features
        self.embedder = nn.Linear(512, embedding_size)

    def forward(self, x: Tensor) -> Tensor:
        """Embed: float32 (b, 3, 224, 224) to (b, n)."""
        pooled = self.features(x).mean(dim=(2, 3))
        embedding: Tensor = self.embedder(pooled)
        return embedding


def siamese_vgg19(weights: Weights) -> nn.Module:
    """Build with the embedding size of `embedder.weight`; with batch norm where it was trained."""
    return SiameseVgg19(
        rows(weights, "embedder.weight", 64),
        batch_norm="features.1.running_mean" in weights,
    )


def sigmoid_head(weights: Weights) -> tuple[str, float, float] | None:
    """Find the head of a network trained with a sigmoid over the distance: name, weight, bias.

    Such a head is a `Linear(1, 1)` beside `features` and `embedder`, whatever it was called. The
    door compares distances, so the head is recorded and not run.
    """
    for key, tensor in weights.items():
        owner, _, leaf = key.rpartition(".")
        bias = weights.get(f"{owner}.bias")
        if leaf == "weight" and tensor.numel() == 1 and bias is not None and bias.numel() == 1:
            return owner, float(tensor.reshape(())), float(bias.reshape(()))
    return None
