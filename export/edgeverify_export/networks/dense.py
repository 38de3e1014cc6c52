"""A small dense network on grey pictures of 28x28, as courses on Siamese networks begin with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from edgeverify_export.networks.architecture import rows

if TYPE_CHECKING:
    from torch import Tensor

    from edgeverify_export.networks.architecture import Weights

SIDE = 28
_HIDDEN = 128


class DenseGrey28(nn.Module):
    """Two hidden layers of 128 with ReLU and a tenth dropped, then the embedding."""

    def __init__(self, embedding_size: int) -> None:
        super().__init__()
        self.hidden = nn.Sequential(
            nn.Flatten(),
            nn.Linear(SIDE * SIDE, _HIDDEN),
            nn.ReLU(),
            nn.Dropout(0.1),
            nn.Linear(_HIDDEN, _HIDDEN),
            nn.ReLU(),
            nn.Dropout(0.1),
        )
        self.embedder = nn.Linear(_HIDDEN, embedding_size)

    def forward(self, x: Tensor) -> Tensor:
        """Embed: float32 (b, 1, 28, 28) to (b, n)."""
        embedding: Tensor = self.embedder(self.hidden(x))
        return embedding


def dense_grey_28(weights: Weights) -> nn.Module:
    """Build with the embedding size that `embedder.weight` shows."""
    return DenseGrey28(rows(weights, "embedder.weight", 64))
