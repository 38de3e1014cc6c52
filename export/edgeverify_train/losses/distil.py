"""Distillation without labels: the cosine to what a teacher makes of the same face."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def cosine_to_teacher(embeddings: Tensor, teacher: Tensor) -> Tensor:
    """Return the mean of 1 - cosine, 0 to 2; both float32 (b, d)."""
    cosine: Tensor = functional.cosine_similarity(embeddings, teacher)
    return (1 - cosine).mean()
