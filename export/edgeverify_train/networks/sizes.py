"""Whether a network takes the pictures of every stage, found out before anything is trained."""

from __future__ import annotations

import torch
from torch import nn

from edgeverify.errors import ConfigError
from edgeverify.feeding.statement import Feeding
from edgeverify_train.recipe import Recipe


def require_sizes(network: nn.Module, recipe: Recipe, feeding: Feeding) -> None:
    """Raise ConfigError where the network cannot take a stage's pictures, or gives no embedding."""
    sizes = {
        stage.size or feeding.size: f"stages.{number}.size"
        for number, stage in enumerate(recipe.stages)
    }
    sizes.setdefault(feeding.size, "feeding.size")
    was_training = network.training
    network.eval()
    for size, key in sizes.items():
        try:
            with torch.no_grad():
                shape = network(torch.zeros(1, feeding.depth, size, size)).shape
        except RuntimeError as error:
            raise ConfigError(
                f"{key}: {recipe.network.arch} cannot take pictures of {size} pixels with "
                f"{feeding.depth} channels: {str(error).splitlines()[0][:120]}",
                advice="Use the size that it was made for, or another network.",
            ) from None
        if len(shape) != 2 or shape[1] < 2:
            raise ConfigError(
                f"{recipe.network.arch} gives {tuple(shape)}, which is not an embedding",
                advice="A network gives (pictures, values).",
            )
    network.train(was_training)
