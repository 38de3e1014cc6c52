"""MiniFASNet V2 and V1SE, described once; parameters have the names of the published state dicts.

Networks: github.com/minivision-ai/Silent-Face-Anti-Spoofing (Apache-2.0): a pruned MobileFaceNet
of depthwise blocks with PReLU over 80x80 BGR pixels, not scaled; three classes, of which index 1
is 'live'. The widths are read off the weights; where a block has `se_module` weights, its output
is squeezed and excited (arXiv 1709.01507) before it is added.
"""

from __future__ import annotations

from edgeverify.feeding.statement import Feeding
from edgeverify.models.graphs.layers import ANY, Layers, Tensor
from edgeverify.models.graphs.onnx_layers import build_onnx
from edgeverify.models.weights.state_dict import StateDict

FEEDING = Feeding(
    size=80,
    channels="bgr",
    scale=1.0,
    mean=(0.0, 0.0, 0.0),
    std=(1.0, 1.0, 1.0),
    resize="linear",
)
CLASSES = 3
LIVE_INDEX = 1
_FEATURES = 128


def build_minifasnet(state: StateDict) -> bytes:
    """Make the ONNX graph, (batch, 3, 80, 80) to (batch, 3) raw scores, before the softmax.

    CheckpointError where the weights are not such a network's.
    """
    return build_onnx(
        describe_minifasnet, state, name="minifasnet", size=FEEDING.size, outputs=CLASSES
    )


def describe_minifasnet(layers: Layers) -> Tensor:
    """Describe the network, (batch, 3, 80, 80) to (batch, 3) raw scores."""
    x = _block(layers, layers.input, "conv1", stride=2, padding=1)
    x = _block(layers, x, "conv2_dw", padding=1, depthwise=True)
    x = _depthwise(layers, x, "conv_23", stride=2)
    x = _stage(layers, x, "conv_3")
    x = _depthwise(layers, x, "conv_34", stride=2)
    x = _stage(layers, x, "conv_4")
    x = _depthwise(layers, x, "conv_45", stride=2)
    x = _stage(layers, x, "conv_5")
    x = _block(layers, x, "conv_6_sep")
    x = _block(layers, x, "conv_6_dw", depthwise=True)
    x = layers.linear(layers.flatten(x), "linear", _FEATURES, norm="bn")
    return layers.linear(x, "prob", CLASSES)


def _block(
    layers: Layers,
    x: Tensor,
    name: str,
    *,
    stride: int = 1,
    padding: int = 0,
    depthwise: bool = False,
) -> Tensor:
    """Convolution with its batch norm, and PReLU where the block has one."""
    x = layers.convolution(
        x,
        f"{name}.conv",
        ANY,
        ANY,
        norm=f"{name}.bn",
        stride=stride,
        padding=padding,
        depthwise=depthwise,
    )
    return layers.prelu(x, f"{name}.prelu") if layers.has(f"{name}.prelu.weight") else x


def _depthwise(layers: Layers, x: Tensor, name: str, *, stride: int) -> Tensor:
    """1x1, 3x3 depthwise, linear 1x1."""
    x = _block(layers, x, f"{name}.conv")
    x = _block(layers, x, f"{name}.conv_dw", stride=stride, padding=1, depthwise=True)
    return _block(layers, x, f"{name}.project")


def _stage(layers: Layers, x: Tensor, name: str) -> Tensor:
    """Residual blocks in a row, as many as the weights have."""
    index = 0
    while layers.has(f"{name}.model.{index}.conv.conv.weight"):
        block = f"{name}.model.{index}"
        inner = _depthwise(layers, x, block, stride=1)
        if layers.has(f"{block}.se_module.fc1.weight"):
            inner = _squeeze_and_excite(layers, inner, f"{block}.se_module")
        x = layers.add(x, inner)
        index += 1
    return x


def _squeeze_and_excite(layers: Layers, x: Tensor, name: str) -> Tensor:
    """Weigh the channels by their global means."""
    gate = layers.convolution(layers.average(x), f"{name}.fc1", ANY, 1, norm=f"{name}.bn1")
    gate = layers.convolution(layers.relu(gate), f"{name}.fc2", x.channels, 1, norm=f"{name}.bn2")
    return layers.multiply(x, layers.sigmoid(gate))
