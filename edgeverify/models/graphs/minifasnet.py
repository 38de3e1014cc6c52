"""MiniFASNet V2 and V1SE as ONNX graphs, from their published state dicts.

Networks: github.com/minivision-ai/Silent-Face-Anti-Spoofing (Apache-2.0): a pruned MobileFaceNet
of depthwise blocks with PReLU over 80x80 BGR pixels, not scaled; three classes, of which index 1
is 'live'. The widths are read off the weights; where a block has `se_module` weights, its output
is squeezed and excited (arXiv 1709.01507) before it is added.
"""

from __future__ import annotations

from edgeverify.feeding.statement import Feeding
from edgeverify.models.graphs.graph import GraphBuilder
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
    graph = GraphBuilder("minifasnet")
    x = _block(graph, "input", state, "conv1", stride=2, padding=1)
    x = _block(graph, x, state, "conv2_dw", padding=1, depthwise=True)
    x = _depthwise(graph, x, state, "conv_23", stride=2)
    x = _stage(graph, x, state, "conv_3")
    x = _depthwise(graph, x, state, "conv_34", stride=2)
    x = _stage(graph, x, state, "conv_4")
    x = _depthwise(graph, x, state, "conv_45", stride=2)
    x = _stage(graph, x, state, "conv_5")
    x = _block(graph, x, state, "conv_6_sep")
    x = _block(graph, x, state, "conv_6_dw", depthwise=True)
    x = graph.node("Flatten", x, axis=1)
    x = graph.linear(x, *state.convolution("linear", "bn", _FEATURES, -1))
    x = graph.linear(x, state.take("prob.weight", CLASSES, _FEATURES))
    state.require_all_taken()
    return graph.build(x, size=FEEDING.size, outputs=CLASSES)


def _block(
    graph: GraphBuilder,
    x: str,
    state: StateDict,
    name: str,
    *,
    stride: int = 1,
    padding: int = 0,
    depthwise: bool = False,
) -> str:
    """Convolution with its batch norm, and PReLU where the block has one."""
    kernel, bias = state.convolution(f"{name}.conv", f"{name}.bn", -1, -1, -1, -1)
    groups = kernel.shape[0] if depthwise else 1
    x = graph.convolution(x, kernel, bias, stride=stride, padding=padding, groups=groups)
    slope = f"{name}.prelu.weight"
    return graph.prelu(x, state.take(slope, kernel.shape[0])) if slope in state else x


def _depthwise(graph: GraphBuilder, x: str, state: StateDict, name: str, *, stride: int) -> str:
    x = _block(graph, x, state, f"{name}.conv")
    x = _block(graph, x, state, f"{name}.conv_dw", stride=stride, padding=1, depthwise=True)
    return _block(graph, x, state, f"{name}.project")


def _stage(graph: GraphBuilder, x: str, state: StateDict, name: str) -> str:
    index = 0
    while f"{name}.model.{index}.conv.conv.weight" in state:
        block = f"{name}.model.{index}"
        inner = _depthwise(graph, x, state, block, stride=1)
        if f"{block}.se_module.fc1.weight" in state:
            inner = _squeeze_and_excite(graph, inner, state, f"{block}.se_module")
        x = graph.node("Add", x, inner)
        index += 1
    return x


def _squeeze_and_excite(graph: GraphBuilder, x: str, state: StateDict, name: str) -> str:
    gate = graph.node("GlobalAveragePool", x)
    kernel, bias = state.convolution(f"{name}.fc1", f"{name}.bn1", -1, -1, 1, 1)
    gate = graph.node("Relu", graph.convolution(gate, kernel, bias))
    kernel, bias = state.convolution(f"{name}.fc2", f"{name}.bn2", -1, -1, 1, 1)
    gate = graph.node("Sigmoid", graph.convolution(gate, kernel, bias))
    return graph.node("Mul", x, gate)
