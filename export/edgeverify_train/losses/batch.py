"""What a loss is given beside the embeddings."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


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
