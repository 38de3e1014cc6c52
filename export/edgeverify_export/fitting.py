"""Put a checkpoint's weights into the network that it is said to be, or say what does not fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from edgeverify.errors import CheckpointError
from edgeverify_export.checkpoint import Checkpoint, listed
from edgeverify_export.networks.table import ARCHITECTURES
from edgeverify_export.networks.vgg19 import sigmoid_head

if TYPE_CHECKING:
    from torch import nn

    from edgeverify_export.networks.architecture import Architecture, Weights


@dataclass(frozen=True, slots=True)
class Misfit:
    """What stands between a state dict and a network."""

    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    misshapen: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.missing or self.unexpected or self.misshapen)

    def __str__(self) -> str:
        parts = (
            ("missing", self.missing),
            ("unexpected", self.unexpected),
            ("of another shape", self.misshapen),
        )
        return "; ".join(
            f"{len(names)} {what}: {listed(list(names))}" for what, names in parts if names
        )


@dataclass(frozen=True, slots=True)
class FittedNetwork:
    """A network with its trained weights, in evaluation mode.

    `sigmoid` is the weight and bias of a head trained over the distance, if there was one.
    """

    network: nn.Module
    sigmoid: tuple[float, float] | None = None


def fit(checkpoint: Checkpoint, architecture: Architecture) -> FittedNetwork:
    """Load the weights; CheckpointError lists what does not fit and names the arch that would."""
    weights, sigmoid = _without_head(checkpoint.weights, architecture)
    network = architecture.build(weights)
    misfit = compare(network, weights)
    if misfit:
        raise _does_not_fit(checkpoint, architecture, misfit)
    network.load_state_dict(dict(weights), strict=False)
    return FittedNetwork(network.eval(), sigmoid)


def compare(network: nn.Module, weights: Weights) -> Misfit:
    """Compare names and shapes; the counters of batch norm may be absent on either side."""
    wanted = {key: tuple(value.shape) for key, value in network.state_dict().items()}
    given = {key: tuple(value.shape) for key, value in weights.items()}
    return Misfit(
        missing=tuple(k for k in wanted if k not in given and not _is_counter(k)),
        unexpected=tuple(k for k in given if k not in wanted and not _is_counter(k)),
        misshapen=tuple(
            f"{key} {given[key]} instead of {wanted[key]}"
            for key in wanted
            if key in given and given[key] != wanted[key]
        ),
    )


def fitting_architecture(weights: Weights) -> str | None:
    """Find the row of the table that these weights fit wholly, or None."""
    for name, architecture in ARCHITECTURES.items():
        bare, _ = _without_head(weights, architecture)
        with torch.device("meta"):
            network = architecture.build(bare)
        if not compare(network, bare):
            return name
    return None


def _without_head(
    weights: Weights, architecture: Architecture
) -> tuple[Weights, tuple[float, float] | None]:
    if architecture.name != "siamese-vgg19":
        return weights, None
    head = sigmoid_head(weights)
    if head is None:
        return weights, None
    name, weight, bias = head
    bare = {key: value for key, value in weights.items() if key.rpartition(".")[0] != name}
    return bare, (weight, bias)


def _is_counter(key: str) -> bool:
    return key.endswith("num_batches_tracked")


def _does_not_fit(
    checkpoint: Checkpoint, architecture: Architecture, misfit: Misfit
) -> CheckpointError:
    better = fitting_architecture(checkpoint.weights)
    advice = (
        f"These weights fit --arch {better}."
        if better is not None
        else "They fit no arch of the table; give your own network as --arch module:Class."
    )
    return CheckpointError(
        f"{checkpoint.path} is not a {architecture.name}: {misfit}", advice=advice
    )
