"""The improved ResNet of 50 layers that ArcFace's people train (arXiv 1801.07698, 2004.04989).

The parameters are named as insightface's `arcface_torch` publishes them, so that its checkpoints
fit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from edgeverify_export.networks.architecture import rows

if TYPE_CHECKING:
    from torch import Tensor

    from edgeverify_export.networks.architecture import Weights

_WIDTHS = (64, 128, 256, 512)
_BLOCKS = (3, 4, 14, 3)
_LAST_SIDE = 7
"""Of the last map for a chip of 112 pixels: four halvings."""


class _Block(nn.Module):
    """Norm, convolution, norm, PReLU, convolution with the stride, norm, and the input added."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.prelu = nn.PReLU(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, stride, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.downsample: nn.Module | None = None
        if stride != 1:
            self.downsample = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x: Tensor) -> Tensor:
        """Apply."""
        made: Tensor = self.prelu(self.bn2(self.conv1(self.bn1(x))))
        made = self.bn3(self.conv2(made))
        return made + (x if self.downsample is None else self.downsample(x))


class IResNet50(nn.Module):
    """Four stages, each of which halves the map, then a linear layer over all that is left."""

    def __init__(self, embedding_size: int) -> None:
        super().__init__()
        inputs = _WIDTHS[0]
        self.conv1 = nn.Conv2d(3, inputs, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(inputs)
        self.prelu = nn.PReLU(inputs)
        for number, (width, count) in enumerate(zip(_WIDTHS, _BLOCKS, strict=True), start=1):
            blocks = [
                _Block(inputs, width, 2),
                *(_Block(width, width, 1) for _ in range(count - 1)),
            ]
            self.add_module(f"layer{number}", nn.Sequential(*blocks))
            inputs = width
        self.bn2 = nn.BatchNorm2d(inputs)
        self.fc = nn.Linear(inputs * _LAST_SIDE**2, embedding_size)
        self.features = nn.BatchNorm1d(embedding_size)

    def forward(self, x: Tensor) -> Tensor:
        """Embed: float32 (b, 3, 112, 112) to (b, n)."""
        x = self.prelu(self.bn1(self.conv1(x)))
        for number in range(1, len(_WIDTHS) + 1):
            x = self.get_submodule(f"layer{number}")(x)
        embedding: Tensor = self.features(self.fc(torch.flatten(self.bn2(x), 1)))
        return embedding


def iresnet50(weights: Weights) -> nn.Module:
    """Build with the embedding size that `fc.weight` shows."""
    return IResNet50(rows(weights, "fc.weight", 512))
