"""What a training leaves on the disk after each epoch."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from edgeverify_train.fitting.failures import save
from edgeverify_train.fitting.log import EpochRow, write_metrics
from edgeverify_train.fitting.state import TrainingState
from edgeverify_train.recipe.training import CheckpointSettings
from edgeverify_train.run_folder import RunFolder

_NAMED = re.compile(r"model_epoch(\d+)_loss.*\.pth")


@dataclass(frozen=True, slots=True)
class Keeper:
    """Writes checkpoints and the table; `say` is told a line an epoch."""

    run: RunFolder
    settings: CheckpointSettings
    say: Callable[[str], None]

    def epoch(self, state: TrainingState, row: EpochRow) -> None:
        """Keep an epoch: best weights where it has them, named weights, and all of the state."""
        weights = state.weights()
        is_best = state.best_epoch == row.epoch
        if is_best:
            save(self.run.best, weights)
        if self.settings.named:
            save(self.run.named(row.epoch, row.loss), weights)
            self._forget_old()
        write_metrics(self.run.metrics, state.rows)
        self.last(state)
        figures = ", ".join(
            f"{name} {100 * row.figures[name]:.2f} %"
            for name in ("fnmr", "eer", "gap")
            if name in row.figures
        )
        self.say(
            f"epoch {row.epoch}: {row.size} pixels, loss {row.loss:.4f}, {figures}, "
            f"{row.seconds:.0f} s{' (best)' if is_best else ''}"
        )

    def last(self, state: TrainingState) -> None:
        """Write `last.pt`."""
        state.write(self.run.last)

    def _forget_old(self) -> None:
        if not self.settings.keep:
            return
        found = [
            (int(match[1]), path)
            for path in self.run.checkpoints.iterdir()
            if (match := _NAMED.fullmatch(path.name))
        ]
        for _, path in sorted(found)[: -self.settings.keep]:
            path.unlink(missing_ok=True)
