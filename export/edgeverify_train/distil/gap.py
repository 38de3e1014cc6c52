"""How far a student is from its teacher, on faces that it was not trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from edgeverify_export.statement import Resolved
from numpy.typing import NDArray
from torch import nn

from edgeverify_train.measuring import embed
from edgeverify_train.pictures import BadPicture, read_chip, unreadable

_AT_ONCE = 32


@dataclass(frozen=True, slots=True)
class Gap:
    """Mean and worst of 1 - cosine to the teacher's embedding, 0 to 2."""

    mean: float
    worst: float

    @property
    def key(self) -> tuple[float, float]:
        """What the best checkpoint has the lowest of."""
        return self.mean, self.worst

    @property
    def figures(self) -> dict[str, float]:
        """The figures by name, for tables and curves."""
        return {"gap": self.mean, "worst_gap": self.worst}


@dataclass(frozen=True, slots=True, eq=False)
class HeldOutLessons:
    """Chips that are not trained on, and the teacher's embedding of each."""

    pictures: Sequence[Path]
    embeddings: NDArray[np.float32]
    resolved: Resolved

    @property
    def remark(self) -> str | None:
        """Return that nobody's identity was looked at."""
        return (
            "without people of known names (measurement.folder) the best checkpoint is the one "
            "nearest to the teacher on faces held out"
        )

    def measure(self, network: nn.Module) -> Gap:
        """Embed the chips as the door does, and compare each with the teacher's."""
        gaps = 1 - (answers(network, self.pictures, self.resolved) * self.embeddings).sum(axis=1)
        return Gap(float(gaps.mean()), float(gaps.max()))


def answers(
    network: nn.Module, pictures: Sequence[Path], resolved: Resolved
) -> NDArray[np.float32]:
    """Embed chips as a door embeds references: float32 (n, d), unit rows."""
    was_training = network.training
    network.eval()
    rows = []
    try:
        for start in range(0, len(pictures), _AT_ONCE):
            chips = _chips(pictures[start : start + _AT_ONCE], resolved.feeding.size)
            rows.append(embed(network, chips, resolved, "reference"))
    finally:
        network.train(was_training)
    made = np.concatenate(rows)
    return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True), dtype=np.float32)


def _chips(pictures: Sequence[Path], size: int) -> list[NDArray[np.uint8]]:
    chips = []
    for path in pictures:
        chip = read_chip(path, size)
        if isinstance(chip, BadPicture):
            raise unreadable(chip)
        chips.append(chip)
    return chips
