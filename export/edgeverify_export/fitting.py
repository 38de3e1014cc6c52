"""Put a checkpoint's weights into the network that it is said to be, or say what does not fit."""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from edgeverify.errors import CheckpointError
from edgeverify_export.checkpoint import Checkpoint
from edgeverify_export.checkpoint_choice import listed
from edgeverify_export.networks.architecture import IMAGENET_CLASSES, require_embedding
from edgeverify_export.networks.table import ARCHITECTURES
from edgeverify_export.networks.vgg19 import sigmoid_head

if TYPE_CHECKING:
    from torch import nn

    from edgeverify_export.networks.architecture import Architecture, Weights


_LOSS = re.compile(
    r"(^|\.)(arc_?face|cos_?face|ada_?face|loss(_fn)?|criterion|margin|metric(_fc)?|head|logits|"
    r"classifier|product|centers?|W|kernel)(\.|$)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Misfit:
    """What stands between a state dict and a network."""

    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    misshapen: tuple[str, ...]

    @property
    def is_loss_only(self) -> bool:
        """Return whether the network fits, but for tensors that a training loss owns."""
        fits = not self.missing and not self.misshapen
        return bool(self.unexpected) and fits and all(map(_LOSS.search, self.unexpected))

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
    checkpoint: Checkpoint | None = None
    """What of the file the network took."""


def fit(checkpoint: Checkpoint, architecture: Architecture) -> FittedNetwork:
    """Load the weights; CheckpointError lists what does not fit and names the arch that would.

    A loss's own tensors beside a network that fits wholly (ArcFace's W, a classifier of the
    training people) are dropped, and said in the checkpoint's remarks.
    """
    weights, sigmoid = _without_head(checkpoint.weights, architecture)
    network = architecture.build(weights)
    misfit = compare(network, weights)
    if misfit.is_loss_only:
        checkpoint = checkpoint.without(misfit.unexpected, "dropped, a loss's own")
        weights, sigmoid = _without_head(checkpoint.weights, architecture)
        misfit = compare(network, weights)
    if misfit:
        raise _does_not_fit(checkpoint, architecture, misfit)
    network.load_state_dict(dict(weights), strict=False)
    layer = architecture.embedding_layer
    if layer is not None and layer in weights:
        require_embedding(int(weights[layer].shape[0]), f"{checkpoint.path}: {layer}")
    return FittedNetwork(network.eval(), sigmoid, checkpoint)


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
    given = {key for key in weights if not _is_counter(key)}
    for name, architecture in ARCHITECTURES.items():
        # Building one is slow, so their names, known once, go first.
        if len(given ^ _names_of(name)) > _HEAD_TENSORS:
            continue
        bare, _ = _without_head(weights, architecture)
        with torch.device("meta"):
            network = architecture.build(bare)
        if not compare(network, bare):
            return name
    return None


_HEAD_TENSORS = 2
"""Weight and bias of a Siamese head, which a network's own names lack."""


@functools.cache
def _names_of(arch: str) -> frozenset[str]:
    with torch.device("meta"):
        network = ARCHITECTURES[arch].build({})
    return frozenset(key for key in network.state_dict() if not _is_counter(key))


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
    prefixed = None if better else _under_a_prefix(checkpoint.weights)
    if better is not None:
        advice = f"These weights fit --arch {better}."
    elif prefixed is not None:
        advice = f"With --prefix {prefixed[0]} they fit --arch {prefixed[1]}."
    elif misfit.unexpected and not misfit.missing and not misfit.misshapen:
        patterns = dict.fromkeys(_patterns(checkpoint.weights, misfit.unexpected))
        drops = " ".join(f"--drop '{pattern}'" for pattern in patterns)
        advice = f"All else fits: leave them out with {drops}."
    elif (classifier := _classifier(checkpoint.weights)) is not None:
        advice = (
            f"{classifier} is ImageNet's classifier: these weights are a start for a training "
            "(`edgeverify-train fit RECIPE --set network.start=FILE`), and no embedder yet."
        )
    else:
        advice = "They fit no arch of the table; give your own network as --arch module:Class."
    return CheckpointError(
        f"{checkpoint.path} is not a {architecture.name}: {misfit}", advice=advice
    )


def _patterns(weights: Weights, surplus: Sequence[str]) -> Iterator[str]:
    """Yield what names them, a whole module at once where all of it is surplus."""
    kept = {name.partition(".")[0] for name in weights if name not in set(surplus)}
    heads = Counter(name.partition(".")[0] for name in surplus)
    for name in surplus:
        head = name.partition(".")[0]
        yield f"{head}.*" if heads[head] > 1 and head not in kept else name


def _classifier(weights: Weights) -> str | None:
    """Find the layer of a published network that tells ImageNet's classes apart."""
    heads = ("classifier", "fc", "head", "logits", "last_linear")
    for name, tensor in weights.items():
        is_head = name.endswith(".weight") and any(part in heads for part in name.split("."))
        if is_head and tensor.ndim == 2 and tensor.shape[0] in IMAGENET_CLASSES:
            return name
    return None


def _under_a_prefix(weights: Weights) -> tuple[str, str] | None:
    """Find the prefix under which a network of the table stands, and which one."""
    for prefix in sorted({key.partition(".")[0] + "." for key in weights if "." in key}):
        inner = {k.removeprefix(prefix): v for k, v in weights.items() if k.startswith(prefix)}
        found = fitting_architecture(inner)
        if found is not None:
            return prefix, found
    return None
