"""Inception-ResNet v1 (Szegedy et al., 2016, arXiv 1602.07261) as FaceNet's people train it.

The parameters are named as the package `facenet-pytorch` publishes them, so that its checkpoints
fit; its classifier (`logits.`) is not a part of the embedding.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from edgeverify_export.networks.architecture import rows

if TYPE_CHECKING:
    from torch import Tensor

    from edgeverify_export.networks.architecture import Weights

_EPS = 1e-3


class _Conv(nn.Module):
    """Convolution, batch norm, ReLU."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int | tuple[int, int],
        stride: int = 1,
        pad: str = "",
    ) -> None:
        super().__init__()
        rows_, columns = (kernel, kernel) if isinstance(kernel, int) else kernel
        padding = (rows_ // 2, columns // 2) if pad == "same" else (0, 0)
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(outputs, eps=_EPS)

    def forward(self, x: Tensor) -> Tensor:
        """Apply."""
        return functional.relu(self.bn(self.conv(x)))


def _chain(inputs: int, *steps: tuple[int, int | tuple[int, int], int, str]) -> nn.Sequential:
    """Make convolutions one after the other; a step is (outputs, kernel, stride, padding)."""
    made = []
    for outputs, kernel, stride, pad in steps:
        made.append(_Conv(inputs, outputs, kernel, stride, pad))
        inputs = outputs
    return nn.Sequential(*made)


class _Residual(nn.Module):
    """Branches side by side, brought back to the input's channels, scaled and added."""

    def __init__(
        self, inputs: int, branches: Sequence[nn.Module], joined: int, scale: float, *, relu: bool
    ) -> None:
        super().__init__()
        self.count, self.scale, self.relu = len(branches), scale, relu
        for index, branch in enumerate(branches):
            self.add_module(f"branch{index}", branch)
        self.conv2d = nn.Conv2d(joined, inputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Apply."""
        sides = [self.get_submodule(f"branch{index}")(x) for index in range(self.count)]
        made = self.conv2d(torch.cat(sides, 1)) * self.scale + x
        return functional.relu(made) if self.relu else made


class _Reduction(nn.Module):
    """Branches with stride 2 side by side, and a max pool."""

    def __init__(self, *branches: nn.Module) -> None:
        super().__init__()
        self.count = len(branches)
        for index, branch in enumerate(branches):
            self.add_module(f"branch{index}", branch)

    def forward(self, x: Tensor) -> Tensor:
        """Apply."""
        sides = [self.get_submodule(f"branch{index}")(x) for index in range(self.count)]
        return torch.cat([*sides, functional.max_pool2d(x, 3, 2)], 1)


def _block_35() -> nn.Module:
    branches = (
        _Conv(256, 32, 1),
        _chain(256, (32, 1, 1, ""), (32, 3, 1, "same")),
        _chain(256, (32, 1, 1, ""), (32, 3, 1, "same"), (32, 3, 1, "same")),
    )
    return _Residual(256, branches, 96, 0.17, relu=True)


def _block_17() -> nn.Module:
    long = _chain(896, (128, 1, 1, ""), (128, (1, 7), 1, "same"), (128, (7, 1), 1, "same"))
    return _Residual(896, (_Conv(896, 128, 1), long), 256, 0.10, relu=True)


def _block_8(scale: float, *, relu: bool) -> nn.Module:
    long = _chain(1792, (192, 1, 1, ""), (192, (1, 3), 1, "same"), (192, (3, 1), 1, "same"))
    return _Residual(1792, (_Conv(1792, 192, 1), long), 384, scale, relu=relu)


class InceptionResnetV1(nn.Module):
    """The embedder without its classifier."""

    def __init__(self, embedding_size: int) -> None:
        super().__init__()
        self.conv2d_1a = _Conv(3, 32, 3, 2)
        self.conv2d_2a = _Conv(32, 32, 3)
        self.conv2d_2b = _Conv(32, 64, 3, 1, "same")
        self.conv2d_3b = _Conv(64, 80, 1)
        self.conv2d_4a = _Conv(80, 192, 3)
        self.conv2d_4b = _Conv(192, 256, 3, 2)
        self.repeat_1 = nn.Sequential(*(_block_35() for _ in range(5)))
        self.mixed_6a = _Reduction(
            _Conv(256, 384, 3, 2),
            _chain(256, (192, 1, 1, ""), (192, 3, 1, "same"), (256, 3, 2, "")),
        )
        self.repeat_2 = nn.Sequential(*(_block_17() for _ in range(10)))
        self.mixed_7a = _Reduction(
            _chain(896, (256, 1, 1, ""), (384, 3, 2, "")),
            _chain(896, (256, 1, 1, ""), (256, 3, 2, "")),
            _chain(896, (256, 1, 1, ""), (256, 3, 1, "same"), (256, 3, 2, "")),
        )
        self.repeat_3 = nn.Sequential(*(_block_8(0.20, relu=True) for _ in range(5)))
        self.block8 = _block_8(1.0, relu=False)
        self.last_linear = nn.Linear(1792, embedding_size, bias=False)
        self.last_bn = nn.BatchNorm1d(embedding_size, eps=_EPS)

    def forward(self, x: Tensor) -> Tensor:
        """Embed: float32 (b, 3, 160, 160) to (b, n)."""
        x = self.conv2d_2b(self.conv2d_2a(self.conv2d_1a(x)))
        x = self.conv2d_3b(functional.max_pool2d(x, 3, 2))
        x = self.repeat_1(self.conv2d_4b(self.conv2d_4a(x)))
        x = self.repeat_2(self.mixed_6a(x))
        x = self.block8(self.repeat_3(self.mixed_7a(x)))
        embedding: Tensor = self.last_bn(self.last_linear(x.mean(dim=(2, 3))))
        return embedding


def inception_resnet_v1(weights: Weights) -> nn.Module:
    """Build with the embedding size that `last_linear.weight` shows."""
    return InceptionResnetV1(rows(weights, "last_linear.weight", 512))
