"""Layers that keep what they were started with."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fnmatch import fnmatchcase

from torch import nn

from edgeverify.errors import ConfigError
from edgeverify_train.recipe.recipe import NetworkSettings


@dataclass(frozen=True, slots=True, eq=False)
class Frozen:
    """The layers that are not trained, and the names of the parameters that are."""

    layers: tuple[nn.Module, ...]
    trained: tuple[str, ...]

    def hold(self) -> None:
        """Keep their running statistics too; after every `network.train()`."""
        for layer in self.layers:
            layer.eval()


def freeze(network: nn.Module, settings: NetworkSettings) -> Frozen:
    """Leave trainable the last share of the layers with weights, less the names given.

    A layer is a module with parameters of its own; at least one is trained. ConfigError where
    nothing would be, or a name fits nothing.
    """
    layers = [(name, m) for name, m in network.named_modules() if _has_own(m)]
    keep = math.ceil(settings.train_last * len(layers) - 1e-9)
    for _, layer in layers[: len(layers) - keep]:
        for parameter in layer.parameters(recurse=False):
            parameter.requires_grad_(False)  # noqa: FBT003 - torch's own name for it
    for pattern in settings.frozen:
        fitting = [p for name, p in network.named_parameters() if fnmatchcase(name, pattern)]
        if not fitting:
            first = next(name for name, _ in network.named_parameters())
            raise ConfigError(
                f"network.frozen: {pattern} is the name of no parameter",
                advice=f"Names are like {first}; a * stands for anything.",
            )
        for parameter in fitting:
            parameter.requires_grad_(False)  # noqa: FBT003 - torch's own name for it
    trained = tuple(name for name, p in network.named_parameters() if p.requires_grad)
    if not trained:
        raise ConfigError(
            "network.frozen leaves nothing to train", advice="Freeze fewer of the layers."
        )
    held = tuple(
        layer
        for _, layer in layers
        if not any(p.requires_grad for p in layer.parameters(recurse=False))
    )
    return Frozen(held, trained)


def _has_own(module: nn.Module) -> bool:
    return next(module.parameters(recurse=False), None) is not None
