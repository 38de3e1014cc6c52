"""From a recipe's `optimiser:` to PyTorch's, timm's or schedulefree's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import schedulefree
import torch
from timm.optim.lookahead import Lookahead
from torch import nn
from torch.optim import Optimizer

from edgeverify_train.recipe.optimisation import OptimiserSettings


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
