"""A described network as an ONNX graph, from its weights; batch norms are folded in."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from edgeverify.errors import CheckpointError
from edgeverify.models.graphs.graph import GraphBuilder
from edgeverify.models.graphs.layers import Layers, Tensor
from edgeverify.models.weights.state_dict import StateDict


def build_onnx(
    describe: Callable[[Layers], Tensor], state: StateDict, *, name: str, size: int, outputs: int
) -> bytes:
    """Make the graph, (batch, 3, size, size) to (batch, outputs).

    CheckpointError where the weights are not such a network's.
    """
    layers = OnnxLayers(name, state, size)
    last = describe(layers)
    state.require_all_taken()
    if last.channels != outputs:
        raise CheckpointError(f"the network has {last.channels} outputs, not {outputs}")
    return layers.graph.build(last.name, size=size, outputs=outputs)


class OnnxLayers:
    """`Layers` over a `GraphBuilder`."""

    def __init__(self, name: str, state: StateDict, size: int) -> None:
        self.graph = GraphBuilder(name)
        self._state = state
        self._size = size
        self._limits: tuple[str, str] | None = None

    @property
    def input(self) -> Tensor:
        """See `Layers`."""
        return Tensor("input", 3, self._size)

    def has(self, parameter: str) -> bool:
        """See `Layers`."""
        return parameter in self._state

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
        """See `Layers`."""
        outputs, inputs = (x.channels, 1) if depthwise else (channels, x.channels)
        shape = (outputs, inputs, kernel, kernel)
        if norm:
            filters, shift = self._state.convolution(name, norm, *shape, bias=bias)
        else:
            filters = self._state.take(f"{name}.weight", *shape)
            shift = self._state.take(f"{name}.bias", filters.shape[0])
        made = self.graph.convolution(
            x.name,
            filters,
            shift,
            stride=stride,
            padding=padding,
            groups=x.channels if depthwise else 1,
        )
        side = (x.side + 2 * padding - filters.shape[2]) // stride + 1
        return Tensor(made, filters.shape[0], side)

    def linear(self, x: Tensor, name: str, outputs: int, *, norm: str = "") -> Tensor:
        """See `Layers`."""
        if norm:
            matrix, shift = self._state.convolution(name, norm, outputs, x.channels)
            return Tensor(self.graph.linear(x.name, matrix, shift), matrix.shape[0], 1)
        matrix = self._state.take(f"{name}.weight", outputs, x.channels)
        return Tensor(self.graph.linear(x.name, matrix), matrix.shape[0], 1)

    def prelu(self, x: Tensor, name: str) -> Tensor:
        """See `Layers`."""
        slope = self._state.take(f"{name}.weight", x.channels)
        return Tensor(self.graph.prelu(x.name, slope), x.channels, x.side)

    def relu(self, x: Tensor) -> Tensor:
        """See `Layers`."""
        return self._same("Relu", x)

    def relu6(self, x: Tensor) -> Tensor:
        """See `Layers`."""
        if self._limits is None:
            low, high = (self.graph.weight(np.array(one, np.float32)) for one in (0.0, 6.0))
            self._limits = low, high
        return Tensor(self.graph.node("Clip", x.name, *self._limits), x.channels, x.side)

    def sigmoid(self, x: Tensor) -> Tensor:
        """See `Layers`."""
        return self._same("Sigmoid", x)

    def add(self, x: Tensor, y: Tensor) -> Tensor:
        """See `Layers`."""
        channels, side = max(x.channels, y.channels), max(x.side, y.side)
        grown = (self._grown(one, channels, side) for one in (x, y))
        return Tensor(self.graph.node("Add", *grown), channels, side)

    def multiply(self, x: Tensor, y: Tensor) -> Tensor:
        """See `Layers`."""
        return Tensor(self.graph.node("Mul", x.name, y.name), x.channels, x.side)

    def max_pool(self, x: Tensor, kernel: int, stride: int) -> Tensor:
        """See `Layers`."""
        return self._pool("MaxPool", x, kernel, stride)

    def average_pool(self, x: Tensor, kernel: int, stride: int) -> Tensor:
        """See `Layers`."""
        return self._pool("AveragePool", x, kernel, stride)

    def average(self, x: Tensor) -> Tensor:
        """See `Layers`."""
        return Tensor(self.graph.node("GlobalAveragePool", x.name), x.channels, 1)

    def flatten(self, x: Tensor) -> Tensor:
        """See `Layers`."""
        return Tensor(self.graph.node("Flatten", x.name, axis=1), x.channels * x.side**2, 1)

    def _same(self, kind: str, x: Tensor) -> Tensor:
        return Tensor(self.graph.node(kind, x.name), x.channels, x.side)

    def _pool(self, kind: str, x: Tensor, kernel: int, stride: int) -> Tensor:
        made = self.graph.node(
            kind, x.name, kernel_shape=[kernel, kernel], strides=[stride, stride]
        )
        return Tensor(made, x.channels, (x.side - kernel) // stride + 1)

    def _grown(self, x: Tensor, channels: int, side: int) -> str:
        if (x.channels, x.side) == (channels, side):
            return x.name
        more = side - x.side
        pads = np.array([0, 0, 0, 0, 0, channels - x.channels, more, more], dtype=np.int64)
        return self.graph.node("Pad", x.name, self.graph.weight(pads))
