"""A recipe's `network:` to a PyTorch network, started from chance or from a local file."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import torch
from edgeverify_export.checkpoint import read_checkpoint
from edgeverify_export.sources import architecture_named
from torch import nn

from edgeverify.bundle.fusion import load_embedder
from edgeverify.bundle.verified_folder import MANIFEST_FILE
from edgeverify.errors import CheckpointError, ConfigError
from edgeverify.feeding.statement import Feeding
from edgeverify.models.catalogue import load_catalogue
from edgeverify.models.folders import models_directory
from edgeverify_train.chance import torch_drawing
from edgeverify_train.recipe import Recipe
from edgeverify_train.recipe.recipe import NetworkSettings

if TYPE_CHECKING:
    from edgeverify_export.networks.architecture import Architecture, Weights

_LAYERS = {"mobilefacenet": "conv3.weight", "siamese-vgg19": "embedder.weight",
           "dlib-resnet": "fc.weight"}  # fmt: skip
"""The embedding's layer of networks whose row of the table does not name it."""


_WHERE = {
    "mobilefacenet": "such as the mobilefacenet.pt whose address `edgeverify models list` prints",
    "siamese-vgg19": "such as torchvision's vgg19-dcbb9e9d.pth",
}
_ANYWHERE = "a checkpoint of the same network"
"""Where trained weights are to be had; nothing is downloaded."""
_COSINE = {
    "siamese-vgg19": " --set network.embedding_size=64 --set feeding.template=arcface-112 "
    "--set feeding.metric=cosine --set feeding.normalise=true",
}
"""What `distill` must be told for networks that are compared by distance."""


@dataclass(frozen=True, slots=True, eq=False)
class BuiltNetwork:
    """A network on the CPU, in training mode; `remark` says what it was started from.

    `new` names the tensors that the start did not give.
    """

    network: nn.Module
    architecture: Architecture
    remark: str
    new: tuple[str, ...] = ()


def build_network(settings: NetworkSettings, seed: int) -> BuiltNetwork:
    """Build it; what no start gives is drawn by `seed`. ConfigError, CheckpointError with why."""
    if not settings.arch:
        raise ConfigError(
            "network.arch is missing", advice="Name a network: `edgeverify-export onnx --help`."
        )
    architecture = architecture_named(settings.arch)
    if settings.start:
        _refuse_bundle(settings)
    start = read_checkpoint(Path(settings.start)).weights if settings.start else {}
    shown = dict(start)
    layer = architecture.embedding_layer or _LAYERS.get(architecture.name)
    if settings.embedding_size is not None and layer is not None:
        shown[layer] = torch.empty(settings.embedding_size, 1)
    with torch_drawing(seed, "network"):
        network = architecture.build(shown)
    if not settings.start:
        _require_chance(settings)
        remark = "every weight starts from chance: network.start is empty"
        return BuiltNetwork(network.train(), architecture, remark)
    new = _started(network, start, settings)
    remark = f"started from {settings.start}"
    if new:
        remark += f"; from chance: {', '.join(new[:4])}{' ...' if len(new) > 4 else ''}"
    return BuiltNetwork(network.train(), architecture, remark, new)


def _refuse_bundle(settings: NetworkSettings) -> None:
    """Raise CheckpointError where an installed bundle is given, with what it was made from.

    Its graph is made for running: batch norms are folded into the layers before them.
    """
    stated = Path(settings.start)
    installed = models_directory(os.environ) / settings.start
    folder = next((one for one in (stated, installed) if (one / MANIFEST_FILE).is_file()), None)
    if stated.is_file() or folder is None:
        return
    known = {file.sha256: file for entry in load_catalogue().models for file in entry.files}
    bundle = load_embedder(folder)
    made_from = [part.manifest.source_sha256 for part in bundle.parts]
    file = known.get(made_from[0]) if len(made_from) == 1 else None
    where = f", {file.address}" if file is not None and file.address else ""
    source = f" (SHA-256 {made_from[0]}{where})" if len(made_from) == 1 else ""
    raise CheckpointError(
        f"network.start: {settings.start} is a bundle, made for running and not for training",
        advice=f"Give the checkpoint that it was made from{source}, or let the bundle teach the "
        "network: edgeverify-train distill --data PHOTOS -o STUDENT --set "
        f"teacher.bundle={quote(str(folder))} --set network.arch={settings.arch}, then --set "
        "network.start=STUDENT/checkpoints/best.pth.",
    )


def _require_chance(settings: NetworkSettings) -> None:
    """Raise ConfigError where the recipe goes on from a trained network, and none is given."""
    keeps = settings.train_last < 1 or bool(settings.frozen)
    if settings.from_chance and not keeps:
        return
    why = (
        f"keeps some layers of {settings.arch} as they are"
        if keeps
        else f"goes on from a trained {settings.arch}"
    )
    lift = "" if keeps else " To train from chance all the same: --set network.from_chance=true."
    raise ConfigError(
        f"the recipe {why}, and network.start names no trained weights",
        advice=f"Add --set network.start=FILE, {_WHERE.get(settings.arch, _ANYWHERE)}, or teach "
        "it by an installed bundle first: edgeverify-train distill --data PHOTOS -o STUDENT "
        f"--set network.arch={settings.arch}{_COSINE.get(settings.arch, '')}, then --set "
        f"network.start=STUDENT/checkpoints/best.pth.{lift}",
    )


def _started(network: nn.Module, start: Weights, settings: NetworkSettings) -> tuple[str, ...]:
    """Load what fits by name and shape, under whichever prefix most does; names what did not."""
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
    return tuple(new)


def require_sizes(network: nn.Module, recipe: Recipe, feeding: Feeding) -> None:
    """Check before anything is trained that the network takes the pictures of every stage.

    Raises ConfigError where the network cannot take a stage's pictures, or gives no embedding.
    """
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
