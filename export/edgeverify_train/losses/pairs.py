"""Losses over pairs: contrastive, and binary cross-entropy over a sigmoid of the distance."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

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
