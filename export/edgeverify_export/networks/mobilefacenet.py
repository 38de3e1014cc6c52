"""MobileFaceNet (Chen et al., 2018, arXiv 1804.07573, table 1), written from the paper.

The key names are those of the published weights (`conv1`, `dw_conv`, `features.N.conv`, `conv2`,
`gdconv`, `conv3`, `bn`). Two things differ from the paper's text and follow the published graph:
activations are ReLU6 (ReLU inside `dw_conv`) where the paper has PReLU, and the last 1x1
convolution has a bias. Proved equal to the published `MobileFaceNet.onnx` in
tests/export/test_networks.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from edgeverify_export.networks.architecture import rows

if TYPE_CHECKING:
    from torch import Tensor

    from edgeverify_export.networks.architecture import Weights

BOTTLENECKS = ((2, 64, 5, 2), (4, 128, 1, 2), (2, 128, 6, 1), (4, 128, 1, 2), (2, 128, 2, 1))
"""Rows of table 1: expansion, channels, repetitions, stride of the first."""


class DepthwiseSeparable(nn.Module):
    """3x3 depthwise, then 1x1: the second row of table 1."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(channels, channels, 3, 1, 1, groups=channels, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.pointwise = nn.Conv2d(channels, channels, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """Keep the shape."""
        x = self.relu(self.bn1(self.depthwise(x)))
        y: Tensor = self.relu(self.bn2(self.pointwise(x)))
        return y


class Bottleneck(nn.Module):
    """Inverted residual: 1x1 to `expansion` times the width, 3x3 depthwise, linear 1x1."""

    def __init__(self, before: int, after: int, expansion: int, stride: int) -> None:
        super().__init__()
        wide = before * expansion
        self.residual = stride == 1 and before == after
        self.conv = nn.Sequential(
            nn.Sequential(nn.Conv2d(before, wide, 1, bias=False), nn.BatchNorm2d(wide), nn.ReLU6()),
            nn.Sequential(
                nn.Conv2d(wide, wide, 3, stride, 1, groups=wide, bias=False),
                nn.BatchNorm2d(wide),
                nn.ReLU6(),
            ),
            nn.Conv2d(wide, after, 1, bias=False),
            nn.BatchNorm2d(after),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (b, before, h, w) to (b, after, h / stride, w / stride)."""
        y: Tensor = self.conv(x)
        return x + y if self.residual else y


class GlobalDepthwise(nn.Module):
    """A 7x7 depthwise convolution in place of pooling, without activation."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(channels, channels, 7, groups=channels, bias=False)
        self.bn = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        """Map (b, c, 7, 7) to (b, c, 1, 1)."""
        y: Tensor = self.bn(self.depthwise(x))
        return y


class MobileFaceNet(nn.Module):
    """The whole network."""

    def __init__(self, embedding_size: int = 128) -> None:
        super().__init__()
        self.conv1 = nn.Sequential(
            nn.Conv2d(3, 64, 3, 2, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU6()
        )
        self.dw_conv = DepthwiseSeparable(64)
        blocks: list[nn.Module] = []
        width = 64
        for expansion, channels, repetitions, stride in BOTTLENECKS:
            for repetition in range(repetitions):
                step = stride if repetition == 0 else 1
                blocks.append(Bottleneck(width, channels, expansion, step))
                width = channels
        self.features = nn.Sequential(*blocks)
        self.conv2 = nn.Sequential(
            nn.Conv2d(width, 512, 1, bias=False), nn.BatchNorm2d(512), nn.ReLU6()
        )
        self.gdconv = GlobalDepthwise(512)
        self.conv3 = nn.Conv2d(512, embedding_size, 1)
        self.bn = nn.BatchNorm2d(embedding_size)

    def forward(self, x: Tensor) -> Tensor:
        """Embed: float32 (b, 3, 112, 112) to (b, n)."""
        x = self.conv2(self.features(self.dw_conv(self.conv1(x))))
        embedding: Tensor = self.bn(self.conv3(self.gdconv(x))).flatten(1)
        return embedding


def mobilefacenet(weights: Weights) -> nn.Module:
    """Build with the embedding size that `conv3.weight` shows."""
    return MobileFaceNet(rows(weights, "conv3.weight", 128))
