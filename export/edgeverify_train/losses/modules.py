"""The losses that no library has as we need them, and what they are given beside the embeddings.

Over pairs: contrastive, and binary cross-entropy over a sigmoid of the distance. Distillation
without labels: the cosine to what a teacher makes of the same face. AdaFace (Kim, Jain and Liu,
2022, arXiv 2204.00964): a margin that follows the quality.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

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


@dataclass(frozen=True, slots=True, eq=False)
class Targets:
    """Whose pictures they are, or what a teacher made of them.

    `labels` is int64 (b,), the number of each picture's person; -1 where nobody said. `teacher` is
    float32 (b, d), unit rows, for distillation. `paired`: pictures 2i and 2i + 1 are a pair, and no
    other two are compared.
    """

    labels: Tensor
    teacher: Tensor | None = None
    paired: bool = False


def cosine_to_teacher(embeddings: Tensor, teacher: Tensor) -> Tensor:
    """Return the mean of 1 - cosine, 0 to 2; both float32 (b, d)."""
    cosine: Tensor = functional.cosine_similarity(embeddings, teacher)
    return (1 - cosine).mean()


Distance = Literal["cosine", "euclidean"]
_ROOT = 1e-12
"""Under the root, where its slope would be infinite."""


class PairDistances(nn.Module):
    """Distances of pairs, and which are mated: the listed pairs, or all of the batch."""

    def __init__(self, distance: Distance) -> None:
        super().__init__()
        self.distance = distance

    def forward(self, embeddings: Tensor, labels: Tensor, *, paired: bool) -> tuple[Tensor, Tensor]:
        """Return distances and mated, (n,) each; 1 - cosine, or the Euclidean distance."""
        if paired:
            first, second = embeddings[0::2], embeddings[1::2]
            mated = labels[0::2] == labels[1::2]
        else:
            upper = torch.triu_indices(len(labels), len(labels), offset=1, device=labels.device)
            first, second = embeddings[upper[0]], embeddings[upper[1]]
            mated = labels[upper[0]] == labels[upper[1]]
        if self.distance == "cosine":
            return 1 - functional.cosine_similarity(first, second), mated
        return ((first - second).pow(2).sum(dim=1) + _ROOT).sqrt(), mated


class SigmoidOverDistance(nn.Module):
    """Binary cross-entropy of `sigmoid(weight * distance + bias)`, 1 for a mated pair.

    The head is a `Linear(1, 1)`, as Siamese networks with a sigmoid have it; a door compares
    distances, so the bundle records it and does not run it.
    """

    def __init__(self, distance: Distance) -> None:
        super().__init__()
        self.pairs = PairDistances(distance)
        self.head = nn.Linear(1, 1)
        with torch.no_grad():
            # Near is mated from the first step on.
            self.head.weight.fill_(-1.0)
            self.head.bias.fill_(1.0)

    def forward(self, embeddings: Tensor, labels: Tensor, *, paired: bool) -> Tensor:
        """Return the mean loss; mated and non-mated pairs weigh the same in it."""
        distances, mated = self.pairs(embeddings, labels, paired=paired)
        logits = self.head(distances[:, None])[:, 0]
        each = functional.binary_cross_entropy_with_logits(logits, mated.float(), reduction="none")
        parts = [each[side].mean() for side in (mated, ~mated) if bool(side.any())]
        return torch.stack(parts).mean()
