"""SFace as an ONNX graph, from the graph that the OpenCV Zoo publishes.

Network: Y. Zhong et al., "SFace: Sigmoid-Constrained Hypersphere Loss for Robust Face
Recognition" (arXiv 2205.12010), `face_recognition_sface_2021dec` of the OpenCV Zoo: a
MobileNet-like chain of 27 convolutions with PReLU over 112x112 RGB of 0 to 255 (the graph itself
subtracts 127.5 and divides by 128), 128 outputs, not normalised, compared by cosine.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeverify.errors import CheckpointError
from edgeverify.feeding.statement import Feeding
from edgeverify.models.graphs.graph import GraphBuilder, Weights, fold_batch_norm
from edgeverify.models.weights.onnx_chain import Chain, Layer

FEEDING = Feeding(size=112, channels="rgb", scale=1.0, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
EMBEDDING_SIZE = 128


@dataclass(frozen=True, slots=True)
class Stage:
    """A depthwise convolution of 3x3 and a pointwise one to `width` channels."""

    width: int
    halves: bool = False


FIRST_WIDTH = 32
STAGES = (
    Stage(64),
    Stage(128, halves=True),
    Stage(128),
    Stage(256, halves=True),
    Stage(256),
    Stage(512, halves=True),
    *(Stage(512),) * 5,
    Stage(1024, halves=True),
    Stage(1024),
)
_LAST_SIDE = 7


def build_sface(chain: Chain) -> bytes:
    """Make the ONNX graph, (batch, 3, 112, 112) to (batch, 128); CheckpointError on a misfit.

    Batch norms are folded into the convolutions and the linear layer, dropout is left out.
    """
    graph = GraphBuilder("sface")
    layers = iter(chain.layers)
    x = "input"
    for kind in ("Sub", "Mul"):
        value = _next(layers, kind, (1,)).weights[0]
        x = graph.node(kind, x, graph.weight(value))
    x = _block(graph, layers, x, (FIRST_WIDTH, 3, 3, 3), padding=1)
    width = FIRST_WIDTH
    for stage in STAGES:
        stride = 2 if stage.halves else 1
        x = _block(graph, layers, x, (width, 1, 3, 3), stride=stride, padding=1, groups=width)
        x = _block(graph, layers, x, (stage.width, width, 1, 1))
        width = stage.width
    matrix, bias = _linear(layers, width)
    x = graph.linear(graph.node("Flatten", x, axis=1), matrix, bias)
    left = next(layers, None)
    if left is not None:
        raise CheckpointError(f"the graph goes on after SFace's last layer, with {left.name}")
    return graph.build(x, size=FEEDING.size, outputs=EMBEDDING_SIZE)


def _block(
    graph: GraphBuilder,
    layers: Iterator[Layer],
    x: str,
    shape: tuple[int, ...],
    *,
    stride: int = 1,
    padding: int = 0,
    groups: int = 1,
) -> str:
    """Convolution, batch norm and PReLU, as the three layers that come next."""
    conv = _next(layers, "Conv", shape)
    stated = (conv.numbers("strides"), conv.numbers("pads"), int(conv.number("group", 1)))
    wanted = ((stride, stride), (padding,) * 4, groups)
    if stated != wanted:
        raise CheckpointError(f"{conv.name} has stride, padding and groups {stated}, not {wanted}")
    norm = _next(layers, "BatchNormalization", (shape[0],))
    gamma, beta, mean, variance = norm.weights
    kernel, bias = fold_batch_norm(
        conv.weights[0],
        gamma=gamma,
        beta=beta,
        mean=mean,
        variance=variance,
        epsilon=norm.number("epsilon", 1e-5),
    )
    slope = _next(layers, "PRelu", (shape[0], 1, 1)).weights[0]
    x = graph.convolution(x, kernel, bias, stride=stride, padding=padding, groups=groups)
    return graph.prelu(x, slope)


def _linear(layers: Iterator[Layer], width: int) -> tuple[Weights, Weights]:
    """Fold batch norm, flatten, linear layer and batch norm into one linear layer, in float64."""
    gain, shift = _affine(_next(layers, "BatchNormalization", (width,)))
    _next(layers, "Flatten", None)
    pixels = _LAST_SIDE * _LAST_SIDE
    linear = _next(layers, "Gemm", (EMBEDDING_SIZE, width * pixels))
    if linear.number("transB", 0) != 1 or len(linear.weights) != 2:
        raise CheckpointError(f"{linear.name} is not a linear layer with a bias")
    matrix, bias = (each.astype(np.float64) for each in linear.weights)
    bias = bias + matrix @ np.repeat(shift, pixels)
    matrix = matrix * np.repeat(gain, pixels)
    gain, shift = _affine(_next(layers, "BatchNormalization", (EMBEDDING_SIZE,)))
    matrix, bias = matrix * gain[:, None], bias * gain + shift
    return matrix.astype(np.float32), bias.astype(np.float32)


def _affine(norm: Layer) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return a batch norm as y = gain * x + shift."""
    gamma, beta, mean, variance = (each.astype(np.float64) for each in norm.weights)
    gain = gamma / np.sqrt(variance + norm.number("epsilon", 1e-5))
    return gain, beta - mean * gain


def _next(layers: Iterator[Layer], kind: str, shape: tuple[int, ...] | None) -> Layer:
    """Take the next layer; CheckpointError unless it is of that kind, its weights of that shape."""
    found = next(layers, None)
    if found is None:
        raise CheckpointError(f"the graph ends where SFace has a {kind}")
    if found.kind != kind:
        raise CheckpointError(f"{found.name} is a {found.kind} where SFace has a {kind}")
    weights = found.weights[0].shape if found.weights else None
    if shape is not None and weights != shape:
        raise CheckpointError(f"{found.name} has weights of {weights}, not {shape}")
    return found
