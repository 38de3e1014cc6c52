"""dlib's `.dat` file as a state dict."""

from __future__ import annotations

from pathlib import Path

import torch

from edgeverify.models.graphs.dlib_resnet import state_of
from edgeverify.models.weights.dlib_weights import read_dlib_weights


def read_dlib_state(path: Path) -> dict[str, torch.Tensor]:
    """Parse the file; CheckpointError where it is not that network."""
    state = state_of(read_dlib_weights(path.read_bytes()))
    return {name: torch.from_numpy(values.copy()) for name, values in state.items()}
