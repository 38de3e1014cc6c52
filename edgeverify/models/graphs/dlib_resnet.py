"""dlib's face recognition ResNet as an ONNX graph, from its weights alone.

Network: D. King, "High Quality Face Recognition with Deep Metric Learning" (2017), dlib's
`dnn_face_recognition_ex.cpp`: a ResNet of 29 convolutions over 150x150 RGB with affine layers in
place of batch norm (folded into the convolutions here), 128 outputs, not normalised.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeverify.feeding.statement import Feeding
from edgeverify.models.graphs.graph import GraphBuilder
from edgeverify.models.weights.dlib_weights import EMBEDDING_SIZE, ConvolutionWeights, DlibWeights

FEEDING = Feeding(
    size=150,
    channels="rgb",
    scale=1 / 256,
    mean=(122.782 / 256, 117.001 / 256, 104.298 / 256),
    std=(1.0, 1.0, 1.0),
)


@dataclass(frozen=True, slots=True)
class Block:
    """A residual block: its width, and whether it halves the picture."""

    width: int
    halves: bool = False


BLOCKS = (
    *(Block(32),) * 3,
    Block(64, halves=True),
    *(Block(64),) * 3,
    Block(128, halves=True),
    *(Block(128),) * 2,
    Block(256, halves=True),
    *(Block(256),) * 2,
    Block(256, halves=True),
)


@dataclass(frozen=True, slots=True)
class _Tensor:
    """A tensor on its way through the graph, with its channels and the side of its picture."""

    name: str
    channels: int
    side: int


def build_dlib_network(weights: DlibWeights) -> bytes:
    """Make the ONNX graph: (batch, 3, 150, 150) to (batch, 128)."""
    graph = GraphBuilder("dlib-resnet")
    layers = iter(weights.convolutions)
    x = _convolution(graph, _Tensor("input", 3, FEEDING.size), next(layers), stride=2, padding=0)
    x = _relu(graph, x)
    pooled = graph.node("MaxPool", x.name, kernel_shape=[3, 3], strides=[2, 2])
    x = _Tensor(pooled, x.channels, (x.side - 3) // 2 + 1)
    for block in BLOCKS:
        x = _residual(graph, x, block, next(layers), next(layers))
    features = graph.node("Flatten", graph.node("GlobalAveragePool", x.name), axis=1)
    embedding = graph.linear(features, np.ascontiguousarray(weights.linear.T))
    return graph.build(embedding, size=FEEDING.size, outputs=EMBEDDING_SIZE)


def _residual(
    graph: GraphBuilder,
    x: _Tensor,
    block: Block,
    first: ConvolutionWeights,
    second: ConvolutionWeights,
) -> _Tensor:
    stride, padding = (2, 0) if block.halves else (1, 1)
    inner = _relu(graph, _convolution(graph, x, first, stride=stride, padding=padding))
    inner = _convolution(graph, inner, second, stride=1, padding=1)
    skip = x
    if block.halves:
        pooled = graph.node("AveragePool", x.name, kernel_shape=[2, 2], strides=[2, 2])
        skip = _Tensor(pooled, x.channels, (x.side - 2) // 2 + 1)
    channels = max(inner.channels, skip.channels)
    side = max(inner.side, skip.side)
    total = graph.node(
        "Add",
        _grown(graph, inner, channels, side).name,
        _grown(graph, skip, channels, side).name,
    )
    return _relu(graph, _Tensor(total, channels, side))


def _convolution(
    graph: GraphBuilder, x: _Tensor, layer: ConvolutionWeights, *, stride: int, padding: int
) -> _Tensor:
    kernel, bias = layer.folded
    name = graph.convolution(x.name, kernel, bias, stride=stride, padding=padding)
    side = (x.side + 2 * padding - kernel.shape[2]) // stride + 1
    return _Tensor(name, kernel.shape[0], side)


def _relu(graph: GraphBuilder, x: _Tensor) -> _Tensor:
    return _Tensor(graph.node("Relu", x.name), x.channels, x.side)


def _grown(graph: GraphBuilder, x: _Tensor, channels: int, side: int) -> _Tensor:
    """Add zero channels behind and zero pixels at the far edges, as dlib's sum of unequals does."""
    if (x.channels, x.side) == (channels, side):
        return x
    more = side - x.side
    pads = np.array([0, 0, 0, 0, 0, channels - x.channels, more, more], dtype=np.int64)
    return _Tensor(graph.node("Pad", x.name, graph.weight(pads)), channels, side)
