"""A graph with nothing open: its batch is one, and what it computes of shapes is written out.

Exporters write an open batch as arithmetic (Shape, Gather, Concat, Reshape) that a fixed batch has
as a constant. With the batch at one both say the same.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

_EXACT = frozenset(
    {
        *("Shape", "Size", "Constant", "ConstantOfShape", "Range", "Identity", "Cast"),
        *("Reshape", "Squeeze", "Unsqueeze", "Transpose", "Expand"),
        *("Concat", "Gather", "Slice", "Split", "Where"),
        *("Add", "Sub", "Mul", "Div", "Mod", "Neg", "Ceil", "Floor"),
        *("Equal", "Greater", "Less", "Max", "Min", "Not"),
    }
)
"""Operators that give the same bits wherever they are computed."""

_SMALL = 4096
"""Numbers in a tensor that may speak of shapes; weights are larger, and stay."""

_ROUNDS = 12
"""Of inferring and writing out: each lets the next see further."""


@dataclass(frozen=True, slots=True)
class StaticGraph:
    """Operators in order, constants by name, and shapes and kinds by value, where they are known.

    `made_by` is the operator behind a value.
    """

    opset: int
    inputs: list[onnx.ValueInfoProto]
    nodes: list[onnx.NodeProto]
    constants: Mapping[str, NDArray[np.generic]]
    shapes: Mapping[str, list[int]]
    kinds: Mapping[str, int]
    made_by: Mapping[str, onnx.NodeProto]
    batch: int

    def shape_of(self, name: str) -> list[object] | None:
        """Return a value's sides, the batch as a word; None where they are not known."""
        shape = self.shapes.get(name)
        if shape is None:
            return None
        return ["batch" if not n and side == self.batch else side for n, side in enumerate(shape)]


def at_rest(model: onnx.ModelProto) -> StaticGraph:
    """Write out what a graph computes of shapes alone; the operators are sorted already."""
    constants = {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}
    inputs = []
    for value in model.graph.input:
        if value.name not in constants:
            fixed = onnx.ValueInfoProto()
            fixed.CopyFrom(value)
            inputs.append(fixed)
    batch = _fix_batch(inputs)
    opset = next((o.version for o in model.opset_import if o.domain in ("", "ai.onnx")), 0)
    nodes = list(model.graph.node)
    shapes: dict[str, list[int]] = {}
    kinds: dict[str, int] = {}
    for _ in range(_ROUNDS):
        shapes, kinds = _inferred(model, inputs, nodes, constants)
        left = [node for node in nodes if not _written_out(node, constants, shapes, opset)]
        if len(left) == len(nodes):
            break
        nodes = left
    made_by = {name: node for node in nodes for name in node.output}
    return StaticGraph(opset, inputs, nodes, constants, shapes, kinds, made_by, batch)


def _fix_batch(inputs: list[onnx.ValueInfoProto]) -> int:
    for value in inputs:
        first = value.type.tensor_type.shape.dim[0]
        if not first.dim_value:
            first.dim_value = 1
        return int(first.dim_value)
    return 1


def _inferred(
    model: onnx.ModelProto,
    inputs: list[onnx.ValueInfoProto],
    nodes: list[onnx.NodeProto],
    constants: Mapping[str, NDArray[np.generic]],
) -> tuple[dict[str, list[int]], dict[str, int]]:
    """Infer shapes over small constants alone: large ones are stated by kind and shape."""
    small, large = [], []
    for name, values in constants.items():
        if values.size <= _SMALL:
            small.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        else:
            kind = helper.np_dtype_to_tensor_dtype(values.dtype)
            large.append(helper.make_tensor_value_info(name, kind, list(values.shape)))
    outputs = [onnx.ValueInfoProto(name=value.name) for value in model.graph.output]
    graph = helper.make_graph(nodes, "still", [*inputs, *large], outputs, small)
    made = helper.make_model(graph, opset_imports=list(model.opset_import), ir_version=8)
    # Where shapes do not fit together, what is not known is compared as it is written.
    with contextlib.suppress(onnx.shape_inference.InferenceError):
        graph = onnx.shape_inference.infer_shapes(made, data_prop=True).graph
    shapes, kinds = {}, {}
    for value in (*graph.input, *graph.value_info, *graph.output):
        tensor = value.type.tensor_type
        kinds[value.name] = tensor.elem_type
        sides = [side.dim_value for side in tensor.shape.dim if side.HasField("dim_value")]
        if tensor.HasField("shape") and len(sides) == len(tensor.shape.dim):
            shapes[value.name] = sides
    return shapes, kinds


def _written_out(
    node: onnx.NodeProto,
    constants: dict[str, NDArray[np.generic]],
    shapes: Mapping[str, list[int]],
    opset: int,
) -> bool:
    """Put what an operator gives among the constants, where that can be known."""
    if node.op_type not in _EXACT or node.domain not in ("", "ai.onnx"):
        return False
    given: dict[str, NDArray[np.generic]] = {}
    for name in filter(None, node.input):
        if name in constants:
            given[name] = constants[name]
        elif node.op_type in {"Shape", "Size"} and name in shapes:
            given[name] = np.broadcast_to(np.float32(0), shapes[name])
        else:
            return False
        if node.op_type not in {"Shape", "Size"} and given[name].size > _SMALL:
            return False
    try:
        results = _evaluated(node, given, opset)
    except Exception:  # noqa: BLE001 - a foreign evaluator; the operator stays as it is
        return False
    if any(values.size > _SMALL for values in results):
        return False
    constants.update(zip(node.output, results, strict=True))
    return True


def _evaluated(
    node: onnx.NodeProto, given: Mapping[str, NDArray[np.generic]], opset: int
) -> list[NDArray[np.generic]]:
    entries = [
        helper.make_tensor_value_info(
            name, helper.np_dtype_to_tensor_dtype(values.dtype), list(values.shape)
        )
        for name, values in given.items()
    ]
    outputs = [
        helper.make_tensor_value_info(one, TensorProto.UNDEFINED, None) for one in node.output
    ]
    graph = helper.make_graph([node], "one", entries, outputs)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    return [np.asarray(one) for one in ReferenceEvaluator(made).run(None, dict(given))]
