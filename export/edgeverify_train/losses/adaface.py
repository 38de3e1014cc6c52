"""AdaFace (Kim, Jain and Liu, 2022, arXiv 2204.00964): a margin that follows the quality."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

_SMALLEST_NORM, _LARGEST_NORM = 1e-3, 100.0
_MOMENTUM = 0.01
"""Of the running mean and deviation of the norms (section 3.3 of the paper)."""
_EPSILON = 1e-3


class AdaFace(nn.Module):
    """Cross-entropy over people, whose angular and additive margins depend on the norm.

    A norm is standardised over the batches seen and clipped to -1..1 by `concentration`, the
    paper's h (equation 15). `margin` is its m, `scale` its s.
    """

    def __init__(
        self, people: int, embedding_size: int, *, margin: float, scale: float, concentration: float
    ) -> None:
        super().__init__()
        self.margin, self.scale, self.concentration = margin, scale, concentration
        self.centres = nn.Parameter(torch.empty(people, embedding_size))
        nn.init.normal_(self.centres, std=0.01)
        self.norm_mean: Tensor
        self.norm_deviation: Tensor
        self.register_buffer("norm_mean", torch.tensor(20.0))
        self.register_buffer("norm_deviation", torch.tensor(100.0))

    def forward(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        """Return the mean loss of raw embeddings, float32 (b, d), of people (b,)."""
        norms = embeddings.norm(dim=1, keepdim=True).clamp(_SMALLEST_NORM, _LARGEST_NORM).detach()
        quality = self._quality(norms)
        cosine = functional.linear(
            functional.normalize(embeddings), functional.normalize(self.centres)
        ).clamp(-1 + _EPSILON, 1 - _EPSILON)
        own = functional.one_hot(labels, len(self.centres)).bool()
        angle = (cosine.acos() - self.margin * quality).clamp(_EPSILON, math.pi - _EPSILON)
        moved = angle.cos() - (self.margin + self.margin * quality)
        loss: Tensor = functional.cross_entropy(
            self.scale * torch.where(own, moved, cosine), labels
        )
        return loss

    def _quality(self, norms: Tensor) -> Tensor:
        """Standardise the norms and follow them; in -1..1, (b, 1)."""
        if self.training and len(norms) > 1:
            with torch.no_grad():
                self.norm_mean.lerp_(norms.mean(), _MOMENTUM)
                self.norm_deviation.lerp_(norms.std(), _MOMENTUM)
        standard = (norms - self.norm_mean) / (self.norm_deviation + _EPSILON)
        return (standard * self.concentration).clamp(-1, 1)
