"""MobileFaceNet as an ONNX graph, from a state dict of the published key names.

Network: S. Chen et al., "MobileFaceNets" (arXiv 1804.07573), in the form published at
github.com/foamliu/MobileFaceNet: inverted residuals with ReLU6, a global depthwise convolution of
7x7, 128 outputs, not normalised.
"""

from __future__ import annotations

import numpy as np

from edgeverify.feeding.statement import Feeding
from edgeverify.models.graphs.graph import GraphBuilder, Weights
from edgeverify.models.weights.state_dict import StateDict

FEEDING = Feeding(
    size=112,
    channels="rgb",
    scale=1 / 255,
    mean=(0.485, 0.456, 0.406),
    std=(0.229, 0.224, 0.225),
)
EMBEDDING_SIZE = 128
_BLOCKS = 15
_HALVING = (0, 5, 12)


def build_mobilefacenet(state: StateDict) -> bytes:
    """Make the ONNX graph, (batch, 3, 112, 112) to (batch, 128); CheckpointError on a misfit."""
    graph = GraphBuilder("mobilefacenet")
    relu6 = _Relu6(graph)
    kernel, bias = state.convolution("conv1.0", "conv1.1", -1, 3, 3, 3)
    x = relu6(graph.convolution("input", kernel, bias, stride=2, padding=1))
    x = _separable(graph, x, state, kernel.shape[0])
    for index in range(_BLOCKS):
        x = _inverted_residual(graph, relu6, x, state, index)
    kernel, bias = state.convolution("conv2.0", "conv2.1", -1, -1, 1, 1)
    x = relu6(graph.convolution(x, kernel, bias))
    width = kernel.shape[0]
    kernel, bias = state.convolution("gdconv.depthwise", "gdconv.bn", width, 1, 7, 7)
    x = graph.convolution(x, kernel, bias, groups=width)
    kernel, bias = state.convolution("conv3", "bn", EMBEDDING_SIZE, width, 1, 1, bias=True)
    x = graph.node("Flatten", graph.convolution(x, kernel, bias), axis=1)
    state.require_all_taken()
    return graph.build(x, size=FEEDING.size, outputs=EMBEDDING_SIZE)


class _Relu6:
    """Clip between 0 and 6, with the two limits stored once."""

    def __init__(self, graph: GraphBuilder) -> None:
        self._graph = graph
        self._low = graph.weight(_scalar(0.0))
        self._high = graph.weight(_scalar(6.0))

    def __call__(self, x: str) -> str:
        return self._graph.node("Clip", x, self._low, self._high)


def _scalar(value: float) -> Weights:
    return np.array(value, dtype=np.float32)


def _separable(graph: GraphBuilder, x: str, state: StateDict, width: int) -> str:
    kernel, bias = state.convolution("dw_conv.depthwise", "dw_conv.bn1", width, 1, 3, 3)
    x = graph.node("Relu", graph.convolution(x, kernel, bias, padding=1, groups=width))
    kernel, bias = state.convolution("dw_conv.pointwise", "dw_conv.bn2", -1, width, 1, 1)
    return graph.node("Relu", graph.convolution(x, kernel, bias))


def _inverted_residual(
    graph: GraphBuilder, relu6: _Relu6, x: str, state: StateDict, index: int
) -> str:
    name = f"features.{index}.conv"
    kernel, bias = state.convolution(f"{name}.0.0", f"{name}.0.1", -1, -1, 1, 1)
    inner = relu6(graph.convolution(x, kernel, bias))
    width = kernel.shape[0]
    stride = 2 if index in _HALVING else 1
    kernel, bias = state.convolution(f"{name}.1.0", f"{name}.1.1", width, 1, 3, 3)
    inner = relu6(graph.convolution(inner, kernel, bias, stride=stride, padding=1, groups=width))
    kernel, bias = state.convolution(f"{name}.2", f"{name}.3", -1, width, 1, 1)
    inner = graph.convolution(inner, kernel, bias)
    return inner if stride == 2 else graph.node("Add", x, inner)
