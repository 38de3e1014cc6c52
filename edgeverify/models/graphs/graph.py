"""A small builder for ONNX graphs: one method a layer, the `onnx` package alone.

Opset 17 and IR version 8, which ONNX Runtime and TensorRT 8.5 to 11 take. The same weights give
the same bytes.
"""

from __future__ import annotations

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Weights = NDArray[np.float32]

OPSET = 17
IR_VERSION = 8


class GraphBuilder:
    """Collects nodes and weights; every method gives the name of its output tensor."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._nodes: list[onnx.NodeProto] = []
        self._weights: list[onnx.TensorProto] = []

    def weight(self, value: NDArray[np.float32] | NDArray[np.int64]) -> str:
        """Store a constant tensor."""
        name = f"w{len(self._weights)}"
        self._weights.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, kind: str, *inputs: str, **attributes: int | list[int]) -> str:
        """Append any operator with one output."""
        name = f"{kind.lower()}{len(self._nodes)}"
        self._nodes.append(
            helper.make_node(kind, list(inputs), [name], name, None, None, None, **attributes)
        )
        return name

    def convolution(
        self,
        x: str,
        kernel: Weights,
        bias: Weights | None = None,
        *,
        stride: int = 1,
        padding: int = 0,
        groups: int = 1,
    ) -> str:
        """Convolve; `kernel` is (out, in / groups, rows, columns), padding equal on all sides."""
        inputs = [x, self.weight(kernel)]
        if bias is not None:
            inputs.append(self.weight(bias))
        return self.node(
            "Conv",
            *inputs,
            kernel_shape=list(kernel.shape[2:]),
            strides=[stride, stride],
            pads=[padding] * 4,
            group=groups,
        )

    def prelu(self, x: str, slope: Weights) -> str:
        """Parametric ReLU with one slope per channel."""
        return self.node("PRelu", x, self.weight(slope.reshape(-1, 1, 1)))

    def linear(self, x: str, matrix: Weights, bias: Weights | None = None) -> str:
        """Multiply (batch, n) by `matrix` (m, n) transposed."""
        inputs = [x, self.weight(matrix)]
        if bias is not None:
            inputs.append(self.weight(bias))
        return self.node("Gemm", *inputs, transB=1)

    def build(self, output: str, *, size: int, outputs: int) -> bytes:
        """Close the graph: input `input` (batch, 3, size, size), output `output` (batch, outputs).

        Checked by onnx's own checker with shape inference.
        """
        self._nodes.append(helper.make_node("Identity", [output], ["output"], name="output"))
        graph = helper.make_graph(
            self._nodes,
            self._name,
            [_value("input", ("batch", 3, size, size))],
            [_value("output", ("batch", outputs))],
            self._weights,
        )
        model = helper.make_model(
            graph,
            producer_name="edgeverify",
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
        )
        onnx.checker.check_model(model, full_check=True)
        return bytes(model.SerializeToString(deterministic=True))


def fold_batch_norm(
    kernel: Weights,
    *,
    gamma: Weights,
    beta: Weights,
    mean: Weights,
    variance: Weights,
    epsilon: float = 1e-5,
) -> tuple[Weights, Weights]:
    """Fold a batch norm into the convolution before it: new kernel and bias.

    y = gamma * (k * x - mean) / sqrt(variance + epsilon) + beta, computed in float64.
    """
    gain = gamma.astype(np.float64) / np.sqrt(variance.astype(np.float64) + epsilon)
    bias = beta.astype(np.float64) - mean.astype(np.float64) * gain
    folded = kernel.astype(np.float64) * gain.reshape(-1, *([1] * (kernel.ndim - 1)))
    return folded.astype(np.float32), bias.astype(np.float32)


def _value(name: str, shape: tuple[str | int, ...]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape))
