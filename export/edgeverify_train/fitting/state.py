"""All that moves in a training, and its checkpoint.

And what a training leaves on the disk after each epoch; what PyTorch and the disk say when they
fail, as sentences.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from shlex import quote
from typing import Any

import torch
from timm.utils.model_ema import ModelEmaV3
from torch import Tensor, nn
from torch.optim import Optimizer

from edgeverify.atomic_file import whole_file
from edgeverify_train.errors import TrainingError
from edgeverify_train.fitting.log import EpochRow, write_metrics
from edgeverify_train.losses.table import TrainingLoss
from edgeverify_train.networks.freezing import Frozen
from edgeverify_train.optimisation import Schedule
from edgeverify_train.recipe.recipe import CheckpointSettings
from edgeverify_train.run_folder import RunFolder

_MEMORY = ("out of memory", "can't allocate memory", "DefaultCPUAllocator")


@contextmanager
def out_of_memory_said(batch: int, size: int) -> Iterator[None]:
    """Turn a want of memory in the block into a TrainingError that says what to change."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not isinstance(error, MemoryError) and not any(w in str(error) for w in _MEMORY):
            raise
        half = max(2, batch // 2)
        raise TrainingError(
            f"a batch of {batch} pictures of {size} pixels does not fit into memory",
            advice=f"Take --set training.batch={half} --set training.accumulate=2, "
            "or training.precision=bf16.",
        ) from None


def save(path: Path, value: object) -> None:
    """Write a checkpoint whole, or leave what was there; TrainingError where the disk refuses."""
    try:
        with whole_file(path) as file:
            torch.save(value, file)
    except (OSError, RuntimeError) as error:
        found: BaseException | None = error
        while found is not None and not isinstance(found, OSError):
            found = found.__cause__ or found.__context__
        full = isinstance(found, OSError) and found.errno in {errno.ENOSPC, errno.EDQUOT}
        why = "the disk is full" if full else str(found or error).splitlines()[0]
        run = RunFolder(path.parent.parent)
        raise TrainingError(
            f"{path} cannot be written: {why}",
            advice="Make room; what was written before is whole: `edgeverify-train resume "
            f"{quote(str(run.folder))}` goes on from it."
            if run.last.is_file()
            else "Make room, and run the same command again into a new folder: there was no "
            "checkpoint yet to go on from.",
        ) from None


VERSION = 1


@dataclass(slots=True, eq=False)
class TrainingState:
    """Network, loss, optimiser and schedule, and where the training is.

    `epoch` and `step` are those that come next, from 0; `step` is within its epoch, `steps` counts
    all. `loss_sum` is of the steps of the present epoch.
    """

    network: nn.Module
    frozen: Frozen
    loss: TrainingLoss
    optimiser: Optimizer
    schedule: Schedule
    ema: ModelEmaV3 | None
    scaler: torch.amp.GradScaler
    digest: str
    epoch: int = 0
    step: int = 0
    steps: int = 0
    loss_sum: float = 0.0
    best: tuple[float, float] | None = None
    best_epoch: int = 0
    rows: list[EpochRow] = field(default_factory=list)

    def write(self, path: Path) -> None:
        """Write everything; TrainingError where the disk refuses."""
        save(
            path,
            {
                "version": VERSION,
                "digest": self.digest,
                "epoch": self.epoch,
                "step": self.step,
                "steps": self.steps,
                "loss_sum": self.loss_sum,
                "best": self.best,
                "best_epoch": self.best_epoch,
                "rows": [asdict(row) for row in self.rows],
                "network": self.network.state_dict(),
                "loss": self.loss.state_dict(),
                "optimiser": self.optimiser.state_dict(),
                "schedule": self.schedule.state_dict(),
                "ema": None if self.ema is None else self.ema.module.state_dict(),
                "scaler": self.scaler.state_dict(),
            },
        )

    def read(self, path: Path) -> None:
        """Go on from a checkpoint; TrainingError where it is not of this training."""
        try:
            found: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        except FileNotFoundError:
            raise TrainingError(
                f"there is no checkpoint {path}",
                advice="The training ended before its first: run `edgeverify-train fit` again, "
                "into a new folder.",
            ) from None
        except Exception as error:  # noqa: BLE001 - a damaged file fails in many ways
            raise TrainingError(
                f"{path} is not a whole checkpoint: {str(error).splitlines()[0]}",
                advice="Train again; nothing else holds the optimiser's state.",
            ) from None
        if found.get("version") != VERSION or found["digest"] != self.digest:
            raise TrainingError(
                f"the pictures of the data folder are not those that {path} was trained on",
                advice="Put them back as they were, or start a new training with network.start.",
            )
        try:
            self.network.load_state_dict(found["network"])
            self.loss.load_state_dict(found["loss"])
            self.optimiser.load_state_dict(found["optimiser"])
        except (RuntimeError, ValueError, KeyError) as error:
            raise TrainingError(
                f"{path} does not fit the recipe: {str(error).splitlines()[0]}",
                advice="Leave network, loss and optimiser as they were when it was begun.",
            ) from None
        self.schedule.load_state_dict(found["schedule"])
        if self.ema is not None and found["ema"] is not None:
            self.ema.module.load_state_dict(found["ema"])
        self.scaler.load_state_dict(found["scaler"])
        self.epoch, self.step, self.steps = found["epoch"], found["step"], found["steps"]
        self.loss_sum, self.best_epoch = found["loss_sum"], found["best_epoch"]
        self.best = None if found["best"] is None else tuple(found["best"])
        self.rows = [EpochRow(**row) for row in found["rows"]]

    @property
    def measured(self) -> nn.Module:
        """The network that is measured and kept: the average where there is one."""
        if self.ema is None:
            return self.network
        averaged: nn.Module = self.ema.module
        return averaged

    def weights(self) -> dict[str, Tensor]:
        """Return what a checkpoint of the network holds, a sigmoid's head over the distance too."""
        state = {name: value.detach().cpu() for name, value in self.measured.state_dict().items()}
        if self.loss.settings.kind == "bce":
            head = self.loss.inner.head
            state |= {f"head.{name}": value.detach().cpu() for name, value in
                      head.state_dict().items()}  # fmt: skip
        return state


_NAMED = re.compile(r"model_epoch(\d+)_loss.*\.pth")


@dataclass(frozen=True, slots=True)
class Keeper:
    """Writes checkpoints and the table; `say` is told one line per epoch."""

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
