"""Put a checkpoint's weights into the network that it is said to be, or say what does not fit."""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch

from edgeverify.errors import CheckpointError
from edgeverify_export.checkpoint import Checkpoint, hash_of
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
    checkpoint = _under_its_trunk(checkpoint, architecture)
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
    for name, architecture in ARCHITECTURES.items():
        named = _named_as_in(weights, architecture)
        # Building one is slow, so their names, known once, go first.
        given = {key for key in named if not _is_counter(key)}
        if len(given ^ _names_of(name)) > _HEAD_TENSORS:
            continue
        bare, _ = _without_head(named, architecture)
        with torch.device("meta"):
            network = architecture.build(bare)
        if not compare(network, bare):
            return name
    return None


_HEAD_TENSORS = 2
"""Weight and bias of a Siamese head, which a network's own names lack."""


_DEEPEST = 3
"""Parts of a name that wrappers within wrappers put before it."""


@functools.cache
def _names_of(arch: str) -> frozenset[str]:
    with torch.device("meta"):
        network = ARCHITECTURES[arch].build({})
    return frozenset(key for key in network.state_dict() if not _is_counter(key))


def _under_its_trunk(checkpoint: Checkpoint, architecture: Architecture) -> Checkpoint:
    """Return the published network's own names with the part that the table's begin with."""
    named = _named_as_in(checkpoint.weights, architecture)
    if named is checkpoint.weights:
        return checkpoint
    remark = f"names taken as under {architecture.trunk!r}"
    return replace(
        checkpoint,
        weights=named,
        weights_sha256=hash_of(named),
        remarks=(*checkpoint.remarks, remark),
    )


def _named_as_in(weights: Weights, architecture: Architecture) -> Weights:
    trunk = architecture.trunk
    if not trunk or any(name.startswith(trunk) for name in weights):
        return weights
    if len(_names_of(architecture.name) & {trunk + name for name in weights}) < len(weights) / 2:
        return weights
    return {trunk + name: value for name, value in weights.items()}


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
    prefixed = {} if better else _under_a_prefix(checkpoint.weights)
    if better is not None:
        advice = f"These weights fit --arch {better}."
    elif prefixed:
        cut = checkpoint.prefix
        ways = (
            f"--prefix {cut}{prefix} they fit --arch {arch}" for prefix, arch in prefixed.items()
        )
        advice = f"With {', with '.join(ways)}."
    elif misfit.unexpected and not misfit.missing and not misfit.misshapen:
        patterns = dict.fromkeys(_patterns(checkpoint.weights, misfit.unexpected))
        drops = " ".join(f"--drop '{pattern}'" for pattern in patterns)
        advice = f"All else fits: leave them out with {drops}."
    elif (classifier := _classifier(checkpoint.weights)) is not None:
        advice = (
            f"{classifier} is ImageNet's classifier: these weights are a start for a training "
            "(`edgeverify-train fit RECIPE --set network.start=FILE`), and no embedder yet."
        )
    elif not misfit.unexpected and not misfit.misshapen:
        advice = (
            "All that is in the file fits, but it is not the whole network. Save the whole "
            "model.state_dict() again, or give the file that holds the rest too."
        )
    else:
        advice = "They fit no arch of the table; give your own network as --arch module:Class."
    return CheckpointError(
        f"{checkpoint.path} does not fit {architecture.name}: {misfit}", advice=advice
    )


def _patterns(weights: Weights, surplus: Sequence[str]) -> Iterator[str]:
    """Yield what names them, a whole module at once where all of it is surplus."""
    kept = {name.partition(".")[0] for name in weights if name not in set(surplus)}
    heads = Counter(name.partition(".")[0] for name in surplus)
    for name in surplus:
        head = name.partition(".")[0]
        whole = heads[head] > 1 and head not in kept
        yield _typed(head) + ".*" if whole else _typed(name)


def _typed(name: str) -> str:
    """Return a pattern for `--drop` between quotes: a question mark for what cannot be typed."""
    return "".join("?" if sign in "'*?[]" or not sign.isprintable() else sign for sign in name)


def _classifier(weights: Weights) -> str | None:
    """Find the layer of a published network that tells ImageNet's classes apart."""
    heads = ("classifier", "fc", "head", "logits", "last_linear")
    for name, tensor in weights.items():
        is_head = name.endswith(".weight") and any(part in heads for part in name.split("."))
        if is_head and tensor.ndim == 2 and tensor.shape[0] in IMAGENET_CLASSES:
            return name
    return None


def _under_a_prefix(weights: Weights) -> dict[str, str]:
    """Find the prefixes under which a network of the table stands, and which one it is."""
    parts = [key.split(".")[:-1] for key in weights]
    depths = range(1, _DEEPEST + 1)
    prefixes = {".".join(each[:depth]) + "." for each in parts for depth in depths if each[:depth]}
    found: dict[str, str] = {}
    for prefix in sorted(prefixes):
        if any(prefix.startswith(shorter) for shorter in found):
            continue
        inner = {k.removeprefix(prefix): v for k, v in weights.items() if k.startswith(prefix)}
        arch = fitting_architecture(inner)
        if arch is not None:
            found[prefix] = arch
    return found
