"""PReLU as steps that ONNX Runtime keeps in its blocked layout.

On x86-64 ONNX Runtime computes convolutions with the channels in blocks. It has no PReLU for that
layout, so each one costs two reorders of the picture and a slow pass over it: measured, more than
half of SFace. Exact, but for rounding, is

    PReLU(x, a) = x + (1 - a) * ReLU(-x)

as two 1x1 depthwise convolutions, one with its ReLU and one with its sum inside.
"""

from __future__ import annotations

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

_BLOCKED = frozenset({"x86_64", "AMD64"})
_PICTURES = frozenset({"Conv", "BatchNormalization", "Add"})


def suits(machine: str) -> bool:
    """Return whether ONNX Runtime computes in blocks on such a machine, so that the steps win.

    `machine` is as `platform.machine()` says. Measured on x86-64 only; elsewhere all stays as is.
    """
    return machine in _BLOCKED


def without_prelu(model: bytes) -> bytes:
    """Replace each PReLU over the channels of a float32 picture; the other bytes stay as they are.

    What follows anything but a convolution, batch norm or sum (a linear layer, quantised steps) is
    left alone, and so is a model without any.
    """
    if b"PRelu" not in model:
        return model
    loaded = onnx.load_model_from_string(model)
    graph = loaded.graph
    weights = {tensor.name: tensor for tensor in graph.initializer}
    makers = {name: node.op_type for node in graph.node for name in node.output}
    nodes: list[onnx.NodeProto] = []
    for node in graph.node:
        slope = _slope(node, weights) if makers.get(node.input[0]) in _PICTURES else None
        if slope is None:
            nodes.append(node)
        else:
            nodes += _steps(graph, node, slope)
    del graph.node[:]
    graph.node.extend(nodes)
    _drop_unused(graph)
    return bytes(loaded.SerializeToString(deterministic=True))


def _drop_unused(graph: onnx.GraphProto) -> None:
    """Drop the slopes that nothing reads any more; ONNX Runtime would warn of each."""
    read = {name for node in graph.node for name in node.input}
    kept = [tensor for tensor in graph.initializer if tensor.name in read]
    del graph.initializer[:]
    graph.initializer.extend(kept)


def _slope(
    node: onnx.NodeProto, weights: dict[str, onnx.TensorProto]
) -> NDArray[np.float32] | None:
    """Return one slope per channel, float32 (c,), or None where this is another kind of PReLU."""
    if node.op_type != "PRelu" or node.input[1] not in weights:
        return None
    tensor = weights[node.input[1]]
    shape = tuple(tensor.dims)
    if tensor.data_type != onnx.TensorProto.FLOAT or len(shape) not in {3, 4}:
        return None
    if shape[-2:] != (1, 1) or shape[:-3] not in {(), (1,)} or shape[-3] < 2:
        return None
    return np.asarray(numpy_helper.to_array(tensor), dtype=np.float32).reshape(-1)


def _steps(
    graph: onnx.GraphProto, node: onnx.NodeProto, slope: NDArray[np.float32]
) -> list[onnx.NodeProto]:
    x, answer = node.input[0], node.output[0]
    kernels = {"minus": -np.ones_like(slope), "rest": np.float32(1) - slope}
    for part, values in kernels.items():
        graph.initializer.append(
            numpy_helper.from_array(values.reshape(-1, 1, 1, 1), f"{answer}/{part}")
        )

    def scaled(given: str, part: str) -> onnx.NodeProto:
        return helper.make_node(
            "Conv",
            [given, f"{answer}/{part}"],
            [f"{answer}/{part}/scaled"],
            kernel_shape=[1, 1],
            group=len(slope),
        )

    negative = f"{answer}/negative"
    return [
        scaled(x, "minus"),
        helper.make_node("Relu", [f"{answer}/minus/scaled"], [negative]),
        scaled(negative, "rest"),
        helper.make_node("Add", [x, f"{answer}/rest/scaled"], [answer]),
    ]
