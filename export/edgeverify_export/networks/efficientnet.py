"""The EfficientNetV2 embedders (Tan and Le, 2021, arXiv 2104.00298)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import timm
import torchvision
from torch import nn

from edgeverify_export.networks.architecture import rows

if TYPE_CHECKING:
    from torch import Tensor

    from edgeverify_export.networks.architecture import Weights


class SiameseEfficientNetV2B0(nn.Module):
    """`tf_efficientnetv2_b0` without classifier, then a linear layer to the embedding."""

    def __init__(self, embedding_size: int) -> None:
        super().__init__()
        self.backbone = timm.create_model(
            "tf_efficientnetv2_b0", pretrained=False, num_classes=0, exportable=True
        )
        self.embedder = nn.Linear(1280, embedding_size)

    def forward(self, x: Tensor) -> Tensor:
        """Embed: float32 (b, 3, 224, 224) to (b, n)."""
        embedding: Tensor = self.embedder(self.backbone(x))
        return embedding


class ArcFaceEfficientNetV2(nn.Module):
    """timm's network of that name, B0 if none is, whose classifier is the embedding layer."""

    def __init__(self, embedding_size: int, name: str = "tf_efficientnetv2_b0") -> None:
        super().__init__()
        self.trunk = timm.create_model(name, pretrained=False, exportable=True)
        self.trunk.classifier = nn.Linear(1280, embedding_size)

    def forward(self, x: Tensor) -> Tensor:
        """Embed: float32 (b, 3, 224, 224) to (b, n)."""
        embedding: Tensor = self.trunk(x)
        return embedding


class SiameseEfficientNetV2S(nn.Module):
    """torchvision's `efficientnet_v2_s` with its 1000 outputs, then a linear layer."""

    def __init__(self, embedding_size: int) -> None:
        super().__init__()
        self.backbone = torchvision.models.efficientnet_v2_s(weights=None)
        self.fc = nn.Linear(1000, embedding_size)

    def forward(self, x: Tensor) -> Tensor:
        """Embed: float32 (b, 3, 224, 224) to (b, n)."""
        embedding: Tensor = self.fc(self.backbone(x))
        return embedding


def siamese_b0(weights: Weights) -> nn.Module:
    """Build with the embedding size that `embedder.weight` shows."""
    return SiameseEfficientNetV2B0(rows(weights, "embedder.weight", 512))


def arcface_b0(weights: Weights) -> nn.Module:
    """Build with the embedding size that `trunk.classifier.weight` shows."""
    return ArcFaceEfficientNetV2(rows(weights, "trunk.classifier.weight", 512))


def arcface_s(weights: Weights) -> nn.Module:
    """Build with the embedding size that `trunk.classifier.weight` shows."""
    size = rows(weights, "trunk.classifier.weight", 512)
    return ArcFaceEfficientNetV2(size, "tf_efficientnetv2_s")


def siamese_s(weights: Weights) -> nn.Module:
    """Build with the embedding size that `fc.weight` shows."""
    return SiameseEfficientNetV2S(rows(weights, "fc.weight", 128))
