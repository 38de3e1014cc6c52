"""How weights move: optimisers, schedules, an average of the weights.

A recipe's `optimiser:` is PyTorch's, timm's or schedulefree's. The learning rate changes by the
step or, on a plateau, by what was measured. Cosine: Loshchilov and Hutter, 2017 (arXiv 1608.03983).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import schedulefree
import torch
from timm.optim.lookahead import Lookahead
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import ReduceLROnPlateau

from edgeverify_train.recipe.recipe import OptimiserSettings, ScheduleSettings


def optimiser_of(settings: OptimiserSettings, network: nn.Module, loss: nn.Module) -> Optimizer:
    """Make the optimiser of what is trained of the network, and of the loss's own weights.

    Biases, norms and PReLUs (all that has one dimension) do not decay.
    """
    own_rate = settings.loss_learning_rate or settings.learning_rate
    groups = [
        *_groups(network.parameters(), settings.learning_rate, settings.weight_decay),
        *_groups(loss.parameters(), own_rate, settings.weight_decay),
    ]
    return _made(settings, groups)


def _groups(parameters: Iterable[nn.Parameter], rate: float, decay: float) -> list[dict[str, Any]]:
    trained = [one for one in parameters if one.requires_grad]
    groups = [
        {"params": [one for one in trained if one.ndim > 1], "lr": rate, "weight_decay": decay},
        {"params": [one for one in trained if one.ndim <= 1], "lr": rate, "weight_decay": 0.0},
    ]
    return [group for group in groups if group["params"]]


def _made(settings: OptimiserSettings, groups: list[dict[str, Any]]) -> Optimizer:
    rate, momentum = settings.learning_rate, settings.momentum
    betas = (momentum, 0.999)
    made: Optimizer
    if settings.kind == "adam":
        made = torch.optim.Adam(groups, rate, betas)
    elif settings.kind == "adamw":
        made = torch.optim.AdamW(groups, rate, betas)
    elif settings.kind == "sgd":
        made = torch.optim.SGD(groups, rate, momentum)
    elif settings.kind == "rmsprop":
        made = torch.optim.RMSprop(groups, rate, momentum=momentum)
    elif settings.kind == "ranger":
        made = Lookahead(  # type: ignore[no-untyped-call]
            torch.optim.RAdam(groups, rate, betas, decoupled_weight_decay=True),
            alpha=settings.lookahead_share,
            k=settings.lookahead_steps,
        )
    elif settings.kind == "adamw-schedule-free":
        made = schedulefree.AdamWScheduleFree(groups, lr=rate, betas=betas)
    elif settings.kind == "radam-schedule-free":
        made = schedulefree.RAdamScheduleFree(groups, lr=rate, betas=betas)
    else:
        made = schedulefree.SGDScheduleFree(groups, lr=rate, momentum=momentum)
    return made


def is_schedule_free(settings: OptimiserSettings) -> bool:
    """Return whether the optimiser has two sets of weights, one to train and one to measure."""
    return settings.kind.endswith("schedule-free")


def turn(optimiser: Optimizer, *, training: bool) -> None:
    """Put a schedule-free optimiser's weights for training, or for measuring, into the network."""
    mode = getattr(optimiser, "train" if training else "eval", None)
    if callable(mode):
        mode()


_FIRST = 0.01
"""Share of the rate at the first step of a warm-up."""


class Schedule:
    """Sets the rate of every group of the optimiser; `steps` of an epoch and `epochs` are known."""

    def __init__(
        self, settings: ScheduleSettings, optimiser: Optimizer, *, steps: int, epochs: int
    ) -> None:
        self._settings, self._optimiser = settings, optimiser
        self._steps, self._total = steps, max(1, steps * epochs)
        self._warm_up = round(settings.warm_up_epochs * steps)
        self._rates = [float(group["lr"]) for group in optimiser.param_groups]
        self._plateau: ReduceLROnPlateau | None = None
        if settings.kind == "plateau":
            self._plateau = ReduceLROnPlateau(
                optimiser,
                factor=settings.gamma,
                patience=settings.patience,
                threshold=0.0,
                min_lr=[rate * settings.floor for rate in self._rates],
            )

    @property
    def rate(self) -> float:
        """The rate of the first group, now."""
        return float(self._optimiser.param_groups[0]["lr"])

    def before_step(self, step: int) -> None:
        """Set the rate of step number `step` of the whole training, from 0."""
        if self._plateau is not None and step > self._warm_up:
            return
        for group, rate in zip(self._optimiser.param_groups, self._rates, strict=True):
            group["lr"] = rate * self.share(step)

    def after_epoch(self, step: int, figure: float) -> None:
        """Tell what was measured (lower is better) after `step` steps."""
        if self._plateau is not None and step > self._warm_up:
            self._plateau.step(figure)

    def share(self, step: int) -> float:
        """Return the share of the full rate at a step, 0 to 1."""
        if step < self._warm_up:
            return _FIRST + (1 - _FIRST) * step / self._warm_up
        settings, since = self._settings, step - self._warm_up
        epoch = since // self._steps
        if settings.kind == "cosine":
            done = min(1.0, since / max(1, self._total - self._warm_up))
            wave = (1 + math.cos(math.pi * done)) / 2
            return settings.floor + (1 - settings.floor) * wave
        if settings.kind == "step":
            return float(settings.gamma ** (epoch // settings.every_epochs))
        if settings.kind == "exponential":
            return float(settings.gamma**epoch)
        return 1.0

    def state_dict(self) -> dict[str, Any]:
        """Return what `load_state_dict` takes: what a plateau has seen."""
        return {} if self._plateau is None else dict(self._plateau.state_dict())

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        if self._plateau is not None:
            self._plateau.load_state_dict(state)
