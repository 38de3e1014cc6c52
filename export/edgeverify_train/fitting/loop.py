"""The loop: epochs of steps, each measured, logged and kept.

Signals end a training after its present step, with a checkpoint.
"""

from __future__ import annotations

import math
import signal
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from shlex import quote
from types import FrameType, TracebackType

import torch
from torch import Tensor
from torch.utils.data import DataLoader
from typing_extensions import Self

from edgeverify.errors import ConfigError
from edgeverify.progress import phase_bars
from edgeverify_train.chance import draws, seed_of
from edgeverify_train.errors import StoppedError, TrainingError
from edgeverify_train.fitting.log import Curves, EpochRow
from edgeverify_train.fitting.material import Examination, Task
from edgeverify_train.fitting.state import Keeper, TrainingState, out_of_memory_said
from edgeverify_train.optimisation import is_schedule_free, turn
from edgeverify_train.pictures import BadPicture, ChipDataset, Draw, Look, collate, unreadable
from edgeverify_train.recipe import Recipe
from edgeverify_train.samplers import Batches, batches_of


class StopSignals:
    """While entered, SIGTERM and SIGINT are remembered; a second SIGINT ends at once."""

    def __init__(self) -> None:
        self.received: signal.Signals | None = None
        self._before: dict[signal.Signals, object] = {}

    def __enter__(self) -> Self:
        for each in (signal.SIGTERM, signal.SIGINT):
            self._before[each] = signal.signal(each, self._remember)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for each, handler in self._before.items():
            signal.signal(each, handler)  # type: ignore[arg-type] # as it was given to us

    def _remember(self, number: int, _frame: FrameType | None) -> None:
        if self.received is signal.SIGINT and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.received = signal.Signals(number)


_REFRESHED = 16
"""Batches by which a schedule-free network's running statistics are brought up to its weights."""


@dataclass(frozen=True, slots=True, eq=False)
class Loop:
    """A training put together: what is to be learnt, what moves, and who is told."""

    recipe: Recipe
    task: Task
    state: TrainingState
    examination: Examination
    keeper: Keeper
    curves: Curves
    device: torch.device

    def run(self, stop: StopSignals) -> None:
        """Train to the end; StoppedError after a signal, TrainingError where it cannot go on."""
        state, recipe = self.state, self.recipe
        with phase_bars() as tell:
            while state.epoch < recipe.epochs:
                stage = recipe.stage_of(state.epoch)
                size = stage.size or self.task.feeding.size
                began = time.monotonic()
                words = f"epoch {state.epoch + 1} of {recipe.epochs}"
                steps = self._batches(state.epoch)
                with out_of_memory_said(recipe.training.batch, size):
                    for done in self._steps(steps):
                        tell(words, done, len(steps))
                        if stop.received is not None:
                            self._stopped(stop)
                    row = self._measured(len(steps), size, began)
                self.keeper.epoch(state, row)
                self.curves.epoch(row, state.steps)

    def _stopped(self, stop: StopSignals) -> None:
        self.keeper.last(self.state)
        name = stop.received.name if stop.received else ""
        raise StoppedError(
            f"stopped by {name} after step {self.state.steps}",
            advice=f"Run: edgeverify-train resume {quote(str(self.keeper.run.folder))}",
        )

    def _batches(self, epoch: int) -> list[Batches]:
        """Return the epoch's steps, each of as many batches as are accumulated."""
        training = self.recipe.training
        batches = batches_of(
            epoch,
            self.task.labels,
            self.recipe.sampler,
            batch=training.batch,
            seed=training.seed,
            pairs=self.task.pairs,
        )
        many = training.accumulate
        steps = [batches[at : at + many] for at in range(0, len(batches) - many + 1, many)]
        if not steps:
            raise ConfigError(
                f"an epoch has {len(batches)} batches, and {many} make one step",
                advice="Make training.accumulate or training.batch smaller.",
            )
        return steps[: training.steps_per_epoch or None]

    def _steps(self, steps: Sequence[Batches]) -> Iterator[int]:
        """Do what is left of an epoch's steps; yields how many are done."""
        state, many = self.state, self.recipe.training.accumulate
        state.network.train()
        state.frozen.hold()
        state.loss.train()
        turn(state.optimiser, training=True)
        left = [batch for step in steps[state.step :] for batch in step]
        inputs = iter(self._loader(left, first=state.step * many))
        while state.step < len(steps):
            loss = self._step([next(inputs) for _ in range(many)], steps[state.step])
            state.loss_sum += loss
            state.step += 1
            state.steps += 1
            self.curves.step(state.steps, loss, state.schedule.rate)
            yield state.step

    def _step(self, inputs: Sequence[Tensor | BadPicture], numbers: Batches) -> float:
        """Move the weights once; returns the mean loss."""
        state, training = self.state, self.recipe.training
        torch.manual_seed(seed_of(training.seed, state.steps, "step"))
        state.schedule.before_step(state.steps)
        state.optimiser.zero_grad()
        total = 0.0
        for batch, indices in zip(inputs, numbers, strict=True):
            if isinstance(batch, BadPicture):
                raise unreadable(batch)
            with self._autocast():
                embeddings = state.network(batch.to(self.device))
            targets = self.task.targets(indices, self.device)
            loss = state.loss(embeddings.float(), targets) / len(inputs)
            total += float(loss.detach())
            state.scaler.scale(loss).backward()
        if not math.isfinite(total):
            raise TrainingError(
                f"the loss is no longer a number in epoch {state.epoch + 1}, step {state.step + 1}",
                advice="Lower optimiser.learning_rate, lengthen schedule.warm_up_epochs or set "
                "training.clip_norm; checkpoints/last.pt is from before.",
            )
        if training.clip_norm > 0:
            state.scaler.unscale_(state.optimiser)
            trained = [p for g in state.optimiser.param_groups for p in g["params"]]
            torch.nn.utils.clip_grad_norm_(trained, training.clip_norm)
        state.scaler.step(state.optimiser)
        state.scaler.update()
        if state.ema is not None:
            state.ema.update(state.network, step=state.steps)
        return total

    def _measured(self, steps: int, size: int, began: float) -> EpochRow:
        state, recipe = self.state, self.recipe
        turn(state.optimiser, training=False)
        if is_schedule_free(recipe.optimiser):
            self._refresh_statistics()
        found = self.examination.measure(state.measured)
        number = recipe.stage_number_of(state.epoch)
        row = EpochRow(
            epoch=state.epoch + 1,
            stage=number + 1,
            size=size,
            rand_augment=recipe.stages[number].rand_augment,
            steps=steps,
            learning_rate=state.schedule.rate,
            loss=state.loss_sum / steps,
            seconds=round(time.monotonic() - began, 3),
            figures=found.figures,
        )
        state.epoch += 1
        state.step, state.loss_sum = 0, 0.0
        state.schedule.after_epoch(state.steps, found.key[0])
        state.rows.append(row)
        if state.best is None or found.key < state.best:
            state.best, state.best_epoch = found.key, row.epoch
        return row

    def _refresh_statistics(self) -> None:
        """Run some batches in training mode: the measured weights were never run so before."""
        batches = [b for step in self._batches(self.state.epoch) for b in step][:_REFRESHED]
        self.state.network.train()
        self.state.frozen.hold()
        with torch.no_grad():
            for batch in self._loader(batches, first=0):
                if isinstance(batch, Tensor):
                    self.state.network(batch.to(self.device))

    def _loader(self, batches: Batches, first: int) -> DataLoader[Tensor | BadPicture]:
        recipe, epoch = self.recipe, self.state.epoch
        stage = recipe.stage_of(epoch)
        feeding = self.task.feeding
        look = Look(
            feeding=feeding.model_copy(update={"size": stage.size or feeding.size}),
            stage=stage,
            flip=recipe.data.flip,
            seed=recipe.training.seed,
        )
        workers = recipe.training.workers
        return DataLoader(
            ChipDataset(self.task.pictures, look),
            batch_sampler=[
                self._draws(batch, epoch, first + at) for at, batch in enumerate(batches)
            ],
            num_workers=workers,
            collate_fn=collate,
            pin_memory=self.device.type == "cuda",
            multiprocessing_context="fork" if workers else None,
        )

    def _draws(self, batch: Sequence[int], epoch: int, number: int) -> list[Draw]:
        """Return what each picture's chance comes from, and whether it is a card's."""
        on_card = self.recipe.data.degraded == "card"
        grouped = self.recipe.sampler.kind != "shuffled"
        random = draws(self.recipe.training.seed, epoch, number, "cards")
        shuffled = random.random(len(batch)) < 0.5
        return [
            Draw(
                picture=picture,
                epoch=epoch,
                turn=number * self.recipe.training.batch + at,
                on_card=on_card and (at % 2 == 0 if grouped else bool(shuffled[at])),
            )
            for at, picture in enumerate(batch)
        ]

    def _autocast(self) -> torch.autocast:
        precision = self.recipe.training.precision
        kind = torch.float16 if precision == "fp16" else torch.bfloat16
        return torch.autocast(self.device.type, dtype=kind, enabled=precision != "fp32")
