"""dlib's `.dat` file as a state dict of `networks.dlib_resnet`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch

from edgeverify.models.weights.dlib_weights import read_dlib_weights
from edgeverify_export.networks.dlib_resnet import WIDTHS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def read_dlib_state(path: Path) -> dict[str, torch.Tensor]:
    """Parse the file; CheckpointError where it is not that network."""
    weights = read_dlib_weights(path.read_bytes())
    names = [
        "stem",
        *(f"blocks.{i}.{which}" for i in range(len(WIDTHS)) for which in ("first", "second")),
    ]
    state: dict[str, torch.Tensor] = {"fc.weight": _tensor(weights.linear.T)}
    for name, convolution in zip(names, weights.convolutions, strict=True):
        kernel, bias = convolution.folded
        state[f"{name}.weight"] = _tensor(kernel)
        state[f"{name}.bias"] = _tensor(bias)
    return state


def _tensor(values: NDArray[np.float32]) -> torch.Tensor:
    return torch.from_numpy(values.astype("float32").copy())
