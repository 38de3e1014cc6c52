"""A recipe's `network:` to a PyTorch network, started from chance or from a local file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from edgeverify_export.checkpoint import read_checkpoint
from edgeverify_export.sources import architecture_named
from torch import nn

from edgeverify.errors import CheckpointError, ConfigError
from edgeverify_train.chance import torch_drawing
from edgeverify_train.recipe.network import NetworkSettings

if TYPE_CHECKING:
    from edgeverify_export.networks.architecture import Architecture, Weights

_LAYERS = {"mobilefacenet": "conv3.weight", "siamese-vgg19": "embedder.weight",
           "dlib-resnet": "fc.weight"}  # fmt: skip
"""The embedding's layer of networks whose row of the table does not name it."""


@dataclass(frozen=True, slots=True, eq=False)
class BuiltNetwork:
    """A network on the CPU, in training mode; `remarks` say what it was started from."""

    network: nn.Module
    architecture: Architecture
    remarks: tuple[str, ...]


def build_network(settings: NetworkSettings, seed: int) -> BuiltNetwork:
    """Build it; what no start gives is drawn by `seed`. ConfigError, CheckpointError with why."""
    if not settings.arch:
        raise ConfigError(
            "network.arch is missing", advice="Name a network: `edgeverify-export onnx --help`."
        )
    architecture = architecture_named(settings.arch)
    start = read_checkpoint(Path(settings.start)).weights if settings.start else {}
    shown = dict(start)
    layer = architecture.embedding_layer or _LAYERS.get(architecture.name)
    if settings.embedding_size is not None and layer is not None:
        shown[layer] = torch.empty(settings.embedding_size, 1)
    with torch_drawing(seed, "network"):
        network = architecture.build(shown)
    remarks: tuple[str, ...] = ()
    if settings.start:
        remarks = (_started(network, start, settings),)
    elif settings.train_last < 1 or settings.frozen:
        raise ConfigError(
            f"{settings.arch} is to keep some of its layers as they are, and starts from chance",
            advice="Give trained weights: --set network.start=FILE. Nothing is downloaded; "
            "docs/training.md says where ImageNet's come from.",
        )
    return BuiltNetwork(network.train(), architecture, remarks)


def _started(network: nn.Module, start: Weights, settings: NetworkSettings) -> str:
    """Load what fits by name and shape, under whichever prefix most does."""
    wanted = network.state_dict()
    prefixes = {""} | {name.partition(".")[0] + "." for name in wanted}
    best: dict[str, torch.Tensor] = {}
    for prefix in sorted(prefixes):
        fitting = {
            prefix + name: tensor
            for name, tensor in start.items()
            if prefix + name in wanted and wanted[prefix + name].shape == tensor.shape
        }
        if len(fitting) > len(best):
            best = fitting
    counted = [name for name in wanted if not name.endswith("num_batches_tracked")]
    new = [name for name in counted if name not in best]
    if 2 * len(new) > len(counted):
        raise CheckpointError(
            f"{settings.start} is not a start for {settings.arch}: {len(counted) - len(new)} of "
            f"{len(counted)} tensors fit",
            advice=f"The network's first are called {', '.join(counted[:3])}; give a checkpoint "
            "of the same network.",
        )
    network.load_state_dict(best, strict=False)
    if not new:
        return f"started from {settings.start}"
    named = ", ".join(new[:4]) + (" ..." if len(new) > 4 else "")
    return f"started from {settings.start}; from chance: {named}"
