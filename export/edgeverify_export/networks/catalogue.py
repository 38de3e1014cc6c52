"""The networks of the product's catalogue: their description is the product's own.

`DescribedNetwork` is such a description (`edgeverify.models.graphs`) as a PyTorch module. Its
parameters have the names of the description, so that a checkpoint can be compared with it, and
nothing is folded: PyTorch's own layers answer, and the ONNX graph of the product is held to them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from edgeverify.models.graphs import dlib_resnet as dlib
from edgeverify.models.graphs import minifasnet as fas
from edgeverify.models.graphs import mobilefacenet as mobile
from edgeverify.models.graphs.layers import ANY, Layers, Tensor
from edgeverify.models.weights.dlib_weights import EMBEDDING_SIZE
from edgeverify_export.networks.architecture import rows

if TYPE_CHECKING:
    from edgeverify_export.networks.architecture import Weights


@dataclass(frozen=True, slots=True)
class _Step:
    """One layer: which tensors it takes, by name, and the one that it makes."""

    makes: str
    takes: tuple[str, ...]
    module: str = ""
    """A module of the network, by its dotted name; empty where `act` does it."""
    act: Callable[..., torch.Tensor] | None = None


class DescribedNetwork(nn.Module):
    """Runs the steps of a description in their order."""

    def __init__(self, describe: Callable[[Layers], Tensor], weights: Weights, size: int) -> None:
        """Widths that the description leaves open are those of `weights`: KeyError without."""
        super().__init__()
        layers = _TorchLayers(self, weights, size)
        self._result = describe(layers).name
        self._steps = tuple(layers.steps)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (b, n) for float32 (b, 3, size, size)."""
        tensors = {"input": x}
        for step in self._steps:
            act = self.get_submodule(step.module) if step.module else step.act
            if act is None:
                raise TypeError(f"nothing makes {step.makes}")
            tensors[step.makes] = act(*(tensors[name] for name in step.takes))
        return tensors[self._result]


@dataclass(slots=True)
class _TorchLayers:
    """`Layers` that registers modules with `network` and writes down the steps."""

    network: nn.Module
    weights: Weights
    size: int
    steps: list[_Step] = field(default_factory=list)

    @property
    def input(self) -> Tensor:
        return Tensor("input", 3, self.size)

    def has(self, parameter: str) -> bool:
        return parameter in self.weights

    def convolution(  # noqa: PLR0913 - see `Layers`
        self,
        x: Tensor,
        name: str,
        channels: int,
        kernel: int,
        *,
        norm: str = "",
        stride: int = 1,
        padding: int = 0,
        depthwise: bool = False,
        bias: bool = False,
    ) -> Tensor:
        outputs = x.channels if depthwise else self._side(name, channels, 0)
        kernel = self._side(name, kernel, 2)
        groups = x.channels if depthwise else 1
        layer = nn.Conv2d(x.channels, outputs, kernel, stride, padding, groups=groups, bias=bias)
        side = (x.side + 2 * padding - kernel) // stride + 1
        made = self._module(name, layer, Tensor(x.name, outputs, side))
        return self._module(norm, nn.BatchNorm2d(outputs), made) if norm else made

    def linear(self, x: Tensor, name: str, outputs: int, *, norm: str = "") -> Tensor:
        made = self._module(
            name, nn.Linear(x.channels, outputs, bias=False), Tensor(x.name, outputs, 1)
        )
        return self._module(norm, nn.BatchNorm1d(outputs), made) if norm else made

    def prelu(self, x: Tensor, name: str) -> Tensor:
        return self._module(name, nn.PReLU(x.channels), x)

    def relu(self, x: Tensor) -> Tensor:
        return self._step(functional.relu, x)

    def relu6(self, x: Tensor) -> Tensor:
        return self._step(functional.relu6, x)

    def sigmoid(self, x: Tensor) -> Tensor:
        return self._step(torch.sigmoid, x)

    def add(self, x: Tensor, y: Tensor) -> Tensor:
        larger = Tensor(x.name, max(x.channels, y.channels), max(x.side, y.side))
        return self._step(_add_grown, larger, y)

    def multiply(self, x: Tensor, y: Tensor) -> Tensor:
        return self._step(torch.mul, x, y)

    def max_pool(self, x: Tensor, kernel: int, stride: int) -> Tensor:
        return self._step(nn.MaxPool2d(kernel, stride), _pooled(x, kernel, stride))

    def average_pool(self, x: Tensor, kernel: int, stride: int) -> Tensor:
        return self._step(nn.AvgPool2d(kernel, stride), _pooled(x, kernel, stride))

    def average(self, x: Tensor) -> Tensor:
        return self._step(_average, Tensor(x.name, x.channels, 1))

    def flatten(self, x: Tensor) -> Tensor:
        return self._step(_flatten, Tensor(x.name, x.channels * x.side**2, 1))

    def _side(self, name: str, stated: int, axis: int) -> int:
        return int(self.weights[f"{name}.weight"].shape[axis]) if stated == ANY else stated

    def _module(self, name: str, module: nn.Module, x: Tensor) -> Tensor:
        parent = self.network
        *path, last = name.split(".")
        for part in path:
            if not hasattr(parent, part):
                parent.add_module(part, nn.Module())
            parent = parent.get_submodule(part)
        parent.add_module(last, module)
        return self._written(_Step(f"t{len(self.steps)}", (x.name,), module=name), x)

    def _step(self, act: Callable[..., torch.Tensor], x: Tensor, *others: Tensor) -> Tensor:
        takes = (x.name, *(one.name for one in others))
        return self._written(_Step(f"t{len(self.steps)}", takes, act=act), x)

    def _written(self, step: _Step, like: Tensor) -> Tensor:
        self.steps.append(step)
        return Tensor(step.makes, like.channels, like.side)


def _pooled(x: Tensor, kernel: int, stride: int) -> Tensor:
    return Tensor(x.name, x.channels, (x.side - kernel) // stride + 1)


def _average(x: torch.Tensor) -> torch.Tensor:
    return x.mean(dim=(2, 3), keepdim=True)


def _flatten(x: torch.Tensor) -> torch.Tensor:
    return x.flatten(1)


def _add_grown(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Add; whichever is smaller on an axis is grown by zeros at its far end."""
    if x.shape[1:] == y.shape[1:]:
        return x + y
    sides = [max(int(a), int(b)) for a, b in zip(x.shape[1:], y.shape[1:], strict=True)]
    return _grown(x, sides) + _grown(y, sides)


def _grown(x: torch.Tensor, sides: list[int]) -> torch.Tensor:
    channels, height, width = (
        side - int(now) for side, now in zip(sides, x.shape[1:], strict=True)
    )
    return functional.pad(x, (0, width, 0, height, 0, channels))


def mobilefacenet(weights: Weights) -> nn.Module:
    """Build with the embedding size that `conv3.weight` shows."""
    size = rows(weights, "conv3.weight", mobile.EMBEDDING_SIZE)
    describe = partial(mobile.describe_mobilefacenet, embedding_size=size)
    return DescribedNetwork(describe, weights, mobile.FEEDING.size)


def dlib_resnet(weights: Weights) -> nn.Module:
    """Build with the embedding size that `fc.weight` shows."""
    size = rows(weights, "fc.weight", EMBEDDING_SIZE)
    describe = partial(dlib.describe_dlib_resnet, embedding_size=size)
    return DescribedNetwork(describe, weights, dlib.FEEDING.size)


def minifasnet(weights: Weights) -> nn.Module:
    """Build with the widths that the weights show; KeyError names one that is not there."""
    return DescribedNetwork(fas.describe_minifasnet, weights, fas.FEEDING.size)
