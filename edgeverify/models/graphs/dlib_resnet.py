"""dlib's face recognition ResNet, described once; the parameters' names are ours.

Network: D. King, "High Quality Face Recognition with Deep Metric Learning" (2017), dlib's
`dnn_face_recognition_ex.cpp`: a ResNet of 29 convolutions over 150x150 RGB with affine layers in
place of batch norm (folded into the convolutions here), 128 outputs, not normalised.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeverify.feeding.statement import Feeding
from edgeverify.models.graphs.graph import Weights
from edgeverify.models.graphs.layers import Layers, Tensor
from edgeverify.models.graphs.onnx_layers import build_onnx
from edgeverify.models.weights.dlib_weights import EMBEDDING_SIZE, DlibWeights
from edgeverify.models.weights.state_dict import StateDict

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


def build_dlib_network(weights: DlibWeights) -> bytes:
    """Make the ONNX graph: (batch, 3, 150, 150) to (batch, 128)."""
    return build_onnx(
        describe_dlib_resnet,
        StateDict(state_of(weights)),
        name="dlib-resnet",
        size=FEEDING.size,
        outputs=EMBEDDING_SIZE,
    )


def state_of(weights: DlibWeights) -> dict[str, Weights]:
    """Name dlib's weights: `stem`, `blocks.N.first`, `blocks.N.second` and `fc`."""
    convolutions = [f"blocks.{n}.{which}" for n in range(len(BLOCKS)) for which in _PAIR]
    state: dict[str, Weights] = {"fc.weight": np.ascontiguousarray(weights.linear.T)}
    for name, layer in zip(["stem", *convolutions], weights.convolutions, strict=True):
        state[f"{name}.weight"], state[f"{name}.bias"] = layer.folded
    return state


def describe_dlib_resnet(layers: Layers, embedding_size: int = EMBEDDING_SIZE) -> Tensor:
    """Describe the network, (batch, 3, 150, 150) to (batch, embedding_size)."""
    x = layers.convolution(layers.input, "stem", BLOCKS[0].width, 7, stride=2, bias=True)
    x = layers.max_pool(layers.relu(x), 3, 2)
    for number, block in enumerate(BLOCKS):
        x = _residual(layers, x, f"blocks.{number}", block)
    return layers.linear(layers.flatten(layers.average(x)), "fc", embedding_size)


_PAIR = ("first", "second")


def _residual(layers: Layers, x: Tensor, name: str, block: Block) -> Tensor:
    """Add two convolutions to their input, or to its half; dlib grows the smaller by zeros."""
    first, second = (f"{name}.{which}" for which in _PAIR)
    stride, padding = (2, 0) if block.halves else (1, 1)
    inner = layers.convolution(x, first, block.width, 3, stride=stride, padding=padding, bias=True)
    inner = layers.convolution(layers.relu(inner), second, block.width, 3, padding=1, bias=True)
    skip = layers.average_pool(x, 2, 2) if block.halves else x
    return layers.relu(layers.add(inner, skip))
