"""How weights move: the optimiser, its schedule, and the stages of a training."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator
from typing_extensions import Self

from edgeverify.settings import Section


class OptimiserSettings(Section):
    """The optimiser."""

    kind: Literal[
        "adam",
        "adamw",
        "sgd",
        "rmsprop",
        "ranger",
        "adamw-schedule-free",
        "sgd-schedule-free",
        "radam-schedule-free",
    ] = "adamw"
    """`ranger` is RAdam with lookahead; the schedule-free ones need no schedule."""
    learning_rate: float = Field(default=1e-3, gt=0, le=100)
    """At the end of the warm-up."""
    loss_learning_rate: float | None = Field(default=None, gt=0, le=100)
    """Of a loss's own weights (the people's centres); empty: the same."""
    weight_decay: float = Field(default=0.0, ge=0, le=10)
    """Not on biases and norms."""
    momentum: float = Field(default=0.9, ge=0, lt=1)
    """SGD and RMSprop; beta 1 of the others."""
    lookahead_steps: int = Field(default=6, ge=1, le=1000)
    """Ranger: steps between two meetings with the slow weights."""
    lookahead_share: float = Field(default=0.5, gt=0, le=1)
    """Ranger: how far the slow weights go then."""

    @model_validator(mode="after")
    def _moves_with_momentum(self) -> Self:
        if self.kind.endswith("schedule-free") and self.momentum == 0:
            raise ValueError(f"{self.kind} needs a momentum above 0, such as 0.9")
        return self


class ScheduleSettings(Section):
    """How the learning rate falls."""

    kind: Literal["constant", "cosine", "plateau", "step", "exponential"] = "cosine"
    """`plateau` watches the held-out people's FNMR, the others count."""
    warm_up_epochs: float = Field(default=0.0, ge=0, le=1000)
    """From a hundredth of the rate to all of it."""
    floor: float = Field(default=0.01, ge=0, le=1)
    """Share of the rate that is never gone below: cosine and plateau."""
    every_epochs: int = Field(default=10, ge=1)
    """`step`: epochs between two falls."""
    gamma: float = Field(default=0.1, gt=0, lt=1)
    """`step` and `plateau`: factor of one fall; `exponential`: factor of one epoch."""
    patience: int = Field(default=3, ge=0)
    """`plateau`: epochs without a better figure before it falls."""


class Stage(Section):
    """One part of a training: epochs at one size and strength of augmentation."""

    epochs: int = Field(default=20, ge=1, le=100_000)
    """How many."""
    size: int | None = Field(default=None, ge=16, le=1024)
    """Side of the network's input in this stage; empty: the door's."""
    rand_augment: float = Field(default=0.0, ge=0, le=30)
    """RandAugment's magnitude, of 30. 0: none."""
    rand_augment_operations: int = Field(default=2, ge=1, le=8)
    """How many operations on each picture."""
