"""Networks as people train them, and real faces fed to them."""

from __future__ import annotations

import numpy as np
import torch
from edgeverify_export.networks.architecture import Architecture
from edgeverify_export.parity.faces import FoundFace
from numpy.typing import NDArray

from edgeverify.feeding.preprocessing import feed
from edgeverify.feeding.statement import Feeding
from edgeverify.feeding.templates import template_named


def fed(faces: tuple[FoundFace, ...], feeding: Feeding, template: str) -> NDArray[np.float32]:
    return np.concatenate(
        [feed(face.chip(feeding, template_named(template)), feeding) for face in faces]
    )


def as_trained(
    architecture: Architecture, faces: NDArray[np.float32], seed: int = 0
) -> torch.nn.Module:
    """A random network whose batch-norm statistics were set on real faces, as training does."""
    torch.manual_seed(seed)
    network = architecture.build({})
    # Convolutions that keep the scale of what goes through them, so that a deep network without
    # batch norm answers to its input and not to its biases.
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = None
    network.train()
    with torch.no_grad():
        network(torch.from_numpy(faces))
    return network.eval()
