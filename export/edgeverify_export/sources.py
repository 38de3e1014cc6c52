"""Where a network comes from: a row of the table, or the owner's own class."""

from __future__ import annotations

import importlib
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from torch import nn

from edgeverify.errors import CheckpointError
from edgeverify_export.checkpoint import Checkpoint, read_checkpoint
from edgeverify_export.fitting import FittedNetwork, fit
from edgeverify_export.networks.architecture import IMAGENET, Architecture
from edgeverify_export.networks.table import ARCHITECTURES

if TYPE_CHECKING:
    from edgeverify.bundle.manifest import Manifest
    from edgeverify_export.networks.architecture import Weights


@dataclass(frozen=True, slots=True)
class LoadedNetwork:
    """A trained network, its checkpoint, and its row of the table if it has one."""

    fitted: FittedNetwork
    checkpoint: Checkpoint
    architecture: Architecture | None


def load_network(path: Path, arch: str) -> LoadedNetwork:
    """Read a checkpoint into the network that `arch` names; CheckpointError where it cannot be.

    `arch` is a name of the table or `module:Class`; the module is looked for beside the working
    directory too, as `python` does.
    """
    known = ARCHITECTURES.get(arch)
    if known is None and ":" not in arch:
        raise CheckpointError(
            f"unknown arch {arch!r}",
            advice=f"One of {', '.join(ARCHITECTURES)}, or module:Class for your own network.",
        )
    checkpoint = read_checkpoint(path)
    architecture = known or _own(arch)
    return LoadedNetwork(fit(checkpoint, architecture), checkpoint, known)


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
