"""Weights by name, as a training script saved them, with errors that list what does not fit."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from edgeverify.errors import CheckpointError
from edgeverify.models.graphs.graph import Weights, fold_batch_norm

_PREFIXES = ("module.", "_orig_mod.")


class StateDict:
    """Named float32 arrays. Every name must be taken exactly as often as the network has it."""

    def __init__(self, tensors: Mapping[str, NDArray[np.generic]]) -> None:
        self._tensors = {_bare(name): value for name, value in tensors.items()}
        self._taken: set[str] = set()

    @property
    def tensors(self) -> Mapping[str, NDArray[np.generic]]:
        """Every tensor by its bare name, as it was stored; for the identity of the weights."""
        return self._tensors

    def __contains__(self, name: str) -> bool:
        return name in self._tensors

    def take(self, name: str, *shape: int) -> Weights:
        """Take a tensor; -1 stands for any side. CheckpointError where it does not fit."""
        value = self._tensors.get(name)
        if value is None:
            raise CheckpointError(f"the checkpoint has no {name}")
        wanted = len(shape) == value.ndim and all(
            side in (-1, found) for side, found in zip(shape, value.shape, strict=True)
        )
        if not wanted:
            raise CheckpointError(f"{name} has the shape {value.shape}, not {shape}")
        weights = value.astype(np.float32)
        if not np.isfinite(weights).all():
            raise CheckpointError(f"{name} holds NaN or infinite weights")
        self._taken.add(name)
        return weights

    def convolution(
        self, name: str, norm: str, *shape: int, bias: bool = False
    ) -> tuple[Weights, Weights]:
        """Take `name`.weight with the batch norm `norm` folded in: kernel and bias."""
        kernel = self.take(f"{name}.weight", *shape)
        outputs = kernel.shape[0]
        folded, shift = fold_batch_norm(
            kernel,
            gamma=self.take(f"{norm}.weight", outputs),
            beta=self.take(f"{norm}.bias", outputs),
            mean=self.take(f"{norm}.running_mean", outputs),
            variance=self.take(f"{norm}.running_var", outputs),
        )
        self._taken.add(f"{norm}.num_batches_tracked")
        if bias:
            # The norm scales the convolution's own bias too: gain = folded / kernel.
            own = self.take(f"{name}.bias", outputs).astype(np.float64)
            variance = self.take(f"{norm}.running_var", outputs).astype(np.float64)
            gain = self.take(f"{norm}.weight", outputs).astype(np.float64)
            shift = (shift + own * gain / np.sqrt(variance + 1e-5)).astype(np.float32)
        return folded, shift

    def require_all_taken(self) -> None:
        """Refuse a checkpoint with weights that the network does not have."""
        left = sorted(set(self._tensors) - self._taken)
        if left:
            shown = ", ".join(left[:5]) + (", ..." if len(left) > 5 else "")
            raise CheckpointError(f"the checkpoint has {len(left)} unexpected weights: {shown}")


def _bare(name: str) -> str:
    for prefix in _PREFIXES:
        name = name.removeprefix(prefix)
    return name
