"""dlib's face recognition ResNet (King, 2017): 29 convolutions, as its file describes them.

Parameter names are ours: `stem`, `blocks.N.first`, `blocks.N.second` and `fc`. A convolution here
is dlib's `con` with the `affine` that follows it folded in. `edgeverify_export.dlib_checkpoint`
fills them from the `.dat` file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn
from torch.nn import functional

from edgeverify_export.networks.architecture import rows

if TYPE_CHECKING:
    from torch import Tensor

    from edgeverify_export.networks.architecture import Weights

WIDTHS = (32, 32, 32, 64, 64, 64, 64, 128, 128, 128, 256, 256, 256, 256)
DOWN = (3, 7, 10, 13)
"""Which blocks halve the picture."""


class Residual(nn.Module):
    """Plain or down block; the smaller operand of the sum is zero-padded at its far edges."""

    def __init__(self, before: int, after: int, *, down: bool) -> None:
        super().__init__()
        self.down = down
        self.first = nn.Conv2d(before, after, 3, 2 if down else 1, 0 if down else 1)
        self.second = nn.Conv2d(after, after, 3, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Map (b, before, h, w) to (b, after, h', w')."""
        y: Tensor = self.second(functional.relu(self.first(x)))
        if not self.down:
            return functional.relu(x + y)
        skip = functional.avg_pool2d(x, 2, 2)
        channels = int(y.shape[1]) - int(skip.shape[1])
        rows = int(skip.shape[2]) - int(y.shape[2])
        columns = int(skip.shape[3]) - int(y.shape[3])
        skip = functional.pad(skip, (0, max(0, -columns), 0, max(0, -rows), 0, channels))
        y = functional.pad(y, (0, max(0, columns), 0, max(0, rows)))
        return functional.relu(skip + y)


class DlibResnet(nn.Module):
    """The whole network, 150x150 to 128 values."""

    def __init__(self, embedding_size: int = 128) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 32, 7, 2, 0)
        befores = (32, *WIDTHS[:-1])
        self.blocks = nn.Sequential(
            *(
                Residual(before, after, down=index in DOWN)
                for index, (before, after) in enumerate(zip(befores, WIDTHS, strict=True))
            )
        )
        self.fc = nn.Linear(256, embedding_size, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Embed: float32 (b, 3, 150, 150) to (b, n)."""
        x = functional.max_pool2d(functional.relu(self.stem(x)), 3, 2)
        embedding: Tensor = self.fc(self.blocks(x).mean(dim=(2, 3)))
        return embedding


def dlib_resnet(weights: Weights) -> nn.Module:
    """Build with the embedding size that `fc.weight` shows."""
    return DlibResnet(rows(weights, "fc.weight", 128))
