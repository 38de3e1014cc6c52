"""Where a network comes from: a row of the table, or the owner's own class."""

from __future__ import annotations

import importlib
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from torch import nn

from edgeverify.errors import CheckpointError
from edgeverify_export.checkpoint import Checkpoint, read_checkpoint, sets_in
from edgeverify_export.checkpoint_choice import Choice
from edgeverify_export.fitting import FittedNetwork, fit
from edgeverify_export.networks.architecture import IMAGENET, Architecture
from edgeverify_export.networks.table import ARCHITECTURES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edgeverify.bundle.manifest import Manifest
    from edgeverify_export.networks.architecture import Weights


@dataclass(frozen=True, slots=True)
class LoadedNetwork:
    """A trained network, its checkpoint, and its row of the table if it has one."""

    fitted: FittedNetwork
    checkpoint: Checkpoint
    architecture: Architecture | None


def load_network(path: Path, arch: str, choice: Choice | None = None) -> LoadedNetwork:
    """Read a checkpoint into the network that `arch` names; CheckpointError where it cannot be.

    `choice` says which of the file's tensors are meant, where that is not plain.

    `arch` is a name of the table or `module:Class`; the module is looked for beside the working
    directory too, as `python` does.
    """
    architecture = architecture_named(arch)
    checkpoint = read_checkpoint(path, choice)
    fitted = fit(checkpoint, architecture)
    return LoadedNetwork(fitted, fitted.checkpoint or checkpoint, ARCHITECTURES.get(arch))


def architecture_named(arch: str) -> Architecture:
    """Return the row of the table, or one for `module:Class`; CheckpointError for anything else."""
    known = ARCHITECTURES.get(arch)
    if known is None and ":" not in arch:
        raise CheckpointError(
            f"unknown arch {arch!r}",
            advice=f"One of {', '.join(ARCHITECTURES)}, or module:Class for your own network.",
        )
    return known or _own(arch)


def load_source(path: Path, manifest: Manifest) -> LoadedNetwork:
    """Read the network that a bundle was made of out of a checkpoint, wherever it stands in it.

    Every set of weights in the file is tried, with and without the first part of its names, until
    one has the hash that the manifest states. CheckpointError where none has.
    """
    for choice in _choices(path):
        try:
            loaded = load_network(path, manifest.arch, choice)
        except CheckpointError:
            continue
        if is_source_of(loaded.checkpoint, manifest):
            return loaded
    raise CheckpointError(
        f"{path} is not the checkpoint that the bundle was made of",
        advice="Give the file that the bundle came from; parity without --checkpoint needs none.",
    )


def _choices(path: Path) -> Iterator[Choice]:
    yield Choice()
    yield Choice(ema=True)
    for key, names in sets_in(path).items():
        yield Choice(key=key)
        for prefix in sorted({name.partition(".")[0] + "." for name in names if "." in name}):
            yield Choice(key=key, prefix=prefix)


def is_source_of(checkpoint: Checkpoint, manifest: Manifest) -> bool:
    """Return whether a bundle was made of these weights, whatever file they lie in."""
    if manifest.weights_sha256 is None:
        return checkpoint.sha256 == manifest.source_sha256
    return checkpoint.weights_sha256 == manifest.weights_sha256


def _own(arch: str) -> Architecture:
    module_name, _, class_name = arch.partition(":")
    if "" not in sys.path:
        sys.path.insert(0, "")
    try:
        made = getattr(importlib.import_module(module_name), class_name)
    except ImportError as error:
        raise CheckpointError(
            f"cannot import {module_name!r}: {error}",
            advice="Run from the folder that holds the module, or install it.",
        ) from None
    except AttributeError:
        raise CheckpointError(f"{module_name!r} has no {class_name!r}") from None
    except Exception as error:  # noqa: BLE001 - the user's own module may raise anything
        raise CheckpointError(f"importing {module_name!r} failed: {error!r}") from None

    def build(_weights: Weights) -> nn.Module:
        try:
            network = made()
        except Exception as error:  # noqa: BLE001 - as above
            raise CheckpointError(
                f"{arch} cannot be made without arguments: {error}",
                advice="Name a function without parameters that makes and returns the network.",
            ) from None
        if not isinstance(network, nn.Module):
            raise CheckpointError(f"{arch} is not a torch.nn.Module")
        return network

    # Feeding, template and metric of an own network are stated by options; these are not used.
    return Architecture(
        name=arch,
        description="own network",
        build=build,
        size=112,
        statistics=IMAGENET,
        template=None,
        metric="cosine",
    )
