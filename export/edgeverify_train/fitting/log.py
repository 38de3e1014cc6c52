"""What a training tells while it runs: a table, curves for TensorBoard, one line per epoch."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from torch.utils.tensorboard import SummaryWriter

from edgeverify.atomic_file import write_whole

COLUMNS = ("epoch", "stage", "size", "rand_augment", "steps", "learning_rate", "loss", "seconds")


@dataclass(frozen=True, slots=True)
class EpochRow:
    """One epoch, numbers from 1; `figures` are those of the measurement, by name."""

    epoch: int
    stage: int
    size: int
    rand_augment: float
    steps: int
    learning_rate: float
    loss: float
    seconds: float
    figures: dict[str, float] = field(default_factory=dict)


def write_metrics(path: Path, rows: Sequence[EpochRow]) -> None:
    """Write the table whole: one row per epoch."""
    text = io.StringIO()
    names = list(rows[0].figures) if rows else []
    table = csv.writer(text, lineterminator="\n")
    table.writerow((*COLUMNS, *names))
    for row in rows:
        table.writerow(
            (*(getattr(row, name) for name in COLUMNS), *(row.figures.get(n, "") for n in names))
        )
    write_whole(path, text.getvalue().encode())


class Curves:
    """TensorBoard's files: the loss of every step, and what each epoch gave."""

    def __init__(self, folder: Path, step: int) -> None:
        # What a stopped training had written beyond its checkpoint is hidden.
        self._writer = SummaryWriter(str(folder), purge_step=step)

    def step(self, step: int, loss: float, rate: float) -> None:
        """Write one step of the training."""
        self._add("loss/step", loss, step)
        self._add("learning_rate", rate, step)

    def epoch(self, row: EpochRow, step: int) -> None:
        """Write one epoch."""
        self._add("loss/epoch", row.loss, step)
        self._add("size", row.size, step)
        for name, value in row.figures.items():
            self._add(f"held_out/{name}", value, step)

    def close(self) -> None:
        """Write what is still in memory."""
        self._writer.close()

    def _add(self, name: str, value: float, step: int) -> None:
        self._writer.add_scalar(name, value, step)
