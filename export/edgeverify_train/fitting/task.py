"""What is to be learnt: pictures, and whose they are or what a teacher makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from edgeverify.feeding.statement import Feeding
from edgeverify_train.losses.batch import Targets
from edgeverify_train.samplers.pairs import Pair


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """Pictures by number, with the number of each one's person, -1 where nobody said.

    `pairs` are those of the pair sampler; `teacher` float32 (pictures, d), unit rows.
    """

    pictures: tuple[Path, ...]
    labels: tuple[int, ...]
    people: int
    feeding: Feeding
    digest: str
    pairs: tuple[Pair, ...] = ()
    teacher: torch.Tensor | None = None

    def targets(self, numbers: Sequence[int], device: torch.device) -> Targets:
        """Return what the loss is given for these pictures."""
        labels = torch.tensor([self.labels[number] for number in numbers], device=device)
        teacher = None if self.teacher is None else self.teacher[list(numbers)].to(device)
        return Targets(labels=labels, teacher=teacher, paired=bool(self.pairs))
