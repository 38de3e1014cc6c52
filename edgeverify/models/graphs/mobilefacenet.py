"""MobileFaceNet, described once; parameters have the key names of the published weights.

Network: S. Chen et al., "MobileFaceNets" (arXiv 1804.07573), table 1, in the form published at
github.com/foamliu/MobileFaceNet: inverted residuals, a global depthwise convolution of 7x7, 128
outputs, not normalised. Two things differ from the paper's text and follow the published graph:
activations are ReLU6 (ReLU inside `dw_conv`) where the paper has PReLU, and the last 1x1
convolution has a bias.
"""

from __future__ import annotations

from edgeverify.feeding.statement import Feeding
from edgeverify.models.graphs.layers import Layers, Tensor
from edgeverify.models.graphs.onnx_layers import build_onnx
from edgeverify.models.weights.state_dict import StateDict

FEEDING = Feeding(
    size=112,
    channels="rgb",
    scale=1 / 255,
    mean=(0.485, 0.456, 0.406),
    std=(0.229, 0.224, 0.225),
)
EMBEDDING_SIZE = 128

BOTTLENECKS = ((2, 64, 5, 2), (4, 128, 1, 2), (2, 128, 6, 1), (4, 128, 1, 2), (2, 128, 2, 1))
"""Rows of table 1: expansion, channels, repetitions, stride of the first."""


def build_mobilefacenet(state: StateDict) -> bytes:
    """Make the ONNX graph, (batch, 3, 112, 112) to (batch, 128); CheckpointError on a misfit."""
    return build_onnx(
        describe_mobilefacenet,
        state,
        name="mobilefacenet",
        size=FEEDING.size,
        outputs=EMBEDDING_SIZE,
    )


def describe_mobilefacenet(layers: Layers, embedding_size: int = EMBEDDING_SIZE) -> Tensor:
    """Describe the network, (batch, 3, 112, 112) to (batch, embedding_size)."""
    x = layers.convolution(layers.input, "conv1.0", 64, 3, norm="conv1.1", stride=2, padding=1)
    x = _separable(layers, layers.relu6(x))
    index = 0
    for expansion, channels, repetitions, stride in BOTTLENECKS:
        for repetition in range(repetitions):
            step = stride if repetition == 0 else 1
            x = _bottleneck(layers, x, f"features.{index}.conv", expansion, channels, step)
            index += 1
    x = layers.relu6(layers.convolution(x, "conv2.0", 512, 1, norm="conv2.1"))
    x = layers.convolution(x, "gdconv.depthwise", 512, 7, norm="gdconv.bn", depthwise=True)
    x = layers.convolution(x, "conv3", embedding_size, 1, norm="bn", bias=True)
    return layers.flatten(x)


def _separable(layers: Layers, x: Tensor) -> Tensor:
    """3x3 depthwise, then 1x1: the second row of table 1."""
    x = layers.convolution(
        x, "dw_conv.depthwise", 64, 3, norm="dw_conv.bn1", padding=1, depthwise=True
    )
    x = layers.convolution(layers.relu(x), "dw_conv.pointwise", 64, 1, norm="dw_conv.bn2")
    return layers.relu(x)


def _bottleneck(
    layers: Layers, x: Tensor, name: str, expansion: int, channels: int, stride: int
) -> Tensor:
    """1x1 to `expansion` times the width, 3x3 depthwise, linear 1x1; inverted residual."""
    wide = x.channels * expansion
    inner = layers.relu6(layers.convolution(x, f"{name}.0.0", wide, 1, norm=f"{name}.0.1"))
    inner = layers.convolution(
        inner, f"{name}.1.0", wide, 3, norm=f"{name}.1.1", stride=stride, padding=1, depthwise=True
    )
    inner = layers.convolution(layers.relu6(inner), f"{name}.2", channels, 1, norm=f"{name}.3")
    return layers.add(x, inner) if stride == 1 and x.channels == channels else inner
