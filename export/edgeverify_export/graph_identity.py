"""The identity of a graph from elsewhere: what it computes, however its file says it.

Every value is known by its operator, the operator's attributes and what goes into it, down to the
bytes of the weights (a Merkle tree), so neither names nor the order of lines, doc strings or the
file's container count. The same weights behind another operator, wired or scaled otherwise, are
another network, and their embeddings may not be compared.

What changes no number is left out, so that a network exported twice is one: an attribute that is
the operator's default, views of the same numbers in another shape, the batch, and the arithmetic of
shapes that an exporter writes for an open one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import AttributeProto, defs, numpy_helper

from edgeverify.bundle.canonical_json import canonical_json, sha256_of
from edgeverify.bundle.embedding_space import weights_sha256
from edgeverify.errors import CheckpointError
from edgeverify_export.sessions import OPSET
from edgeverify_export.static_shapes import StaticGraph, at_rest

if TYPE_CHECKING:
    from collections.abc import Mapping

_VIEWS = frozenset({"Reshape", "Flatten", "Squeeze", "Unsqueeze"})
"""The same numbers in the same order, in another shape."""

_WRITTEN = 4
"""Numbers that a network's own lines may state (a scale, the means of three channels)."""

_FORM = 1
"""Of this identity: another way of hashing is another number here."""


def graph_sha256(model: onnx.ModelProto) -> str:
    """Return the hex SHA-256 of what a graph of one input and one output computes.

    CheckpointError where it holds no weights.
    """
    still = at_rest(model)
    if not still.constants:
        raise CheckpointError("the graph holds no weights")
    known = {name: _of_tensor(values) for name, values in still.constants.items()}
    return _whole("graph", model, known, still)


def structure_sha256(model: onnx.ModelProto) -> str:
    """Return the same of everything but the weights, which count by kind and shape alone.

    For a network whose weights are hashed by themselves: what an exporter folds into them is not
    the same to the last bit everywhere.
    """
    still = at_rest(model)
    known = {name: _of_shape(values) for name, values in still.constants.items()}
    return _whole("structure", model, known, still)


def _whole(kind: str, model: onnx.ModelProto, known: dict[str, str], still: StaticGraph) -> str:
    known |= {value.name: "input" for value in still.inputs}
    _walk(still.nodes, known, still)
    return sha256_of(canonical_json([kind, _FORM, known[model.graph.output[0].name]]))


def _walk(nodes: list[onnx.NodeProto], known: dict[str, str], still: StaticGraph) -> None:
    for node in nodes:
        passed = _passed_on(node, still)
        if passed is not None:
            known[node.output[0]] = known[passed]
            continue
        made = _of_node(node, known, still)
        for number, name in enumerate(node.output):
            known[name] = made if number == 0 else sha256_of(canonical_json([made, number]))


def _passed_on(node: onnx.NodeProto, still: StaticGraph) -> str | None:
    """Name the input that an operator gives back as it came, if it does."""
    first = node.input[0] if node.input else ""
    if node.op_type == "Identity":
        return first
    if node.op_type == "Dropout" and (len(node.input) < 3 or not node.input[2]):
        return first
    if node.op_type in _VIEWS and still.shapes.get(first) == still.shapes.get(node.output[0], []):
        return first
    kind = still.kinds.get(first)
    if node.op_type == "Cast" and kind and kind == still.kinds.get(node.output[0]):
        return first
    return None


def _of_node(node: onnx.NodeProto, known: Mapping[str, str], still: StaticGraph) -> str:
    shape = still.shape_of(node.output[0])
    if node.op_type in _VIEWS and shape is not None:
        inner = still.made_by.get(node.input[0])
        if inner is not None and inner.op_type in _VIEWS and still.shape_of(inner.output[0]):
            return _of_node(_as_view_of(node, inner), known, still)
        return sha256_of(canonical_json(["view", shape, known[node.input[0]]]))
    if node.op_type == "Expand" and shape is not None:
        return sha256_of(canonical_json(["expand", shape, known[node.input[0]]]))
    inputs = [known[name] if name else "" for name in node.input]
    operator = [node.domain, node.op_type + _changed_since(node, still.opset)]
    return sha256_of(canonical_json([*operator, _attributes(node, known, still), inputs]))


def _as_view_of(node: onnx.NodeProto, inner: onnx.NodeProto) -> onnx.NodeProto:
    """Return the view of what a view shows."""
    copy = onnx.NodeProto()
    copy.CopyFrom(node)
    copy.input[0] = inner.input[0]
    return copy


def _attributes(
    node: onnx.NodeProto, known: Mapping[str, str], still: StaticGraph
) -> list[list[object]]:
    defaults: Mapping[str, Any] = {}
    schema = _schema(node, still.opset)
    if schema is not None:
        defaults = schema.attributes
    stated = []
    for attribute in sorted(node.attribute, key=lambda one: one.name):
        value = _of_attribute(attribute, known, still)
        default = defaults.get(attribute.name)
        if (
            default is not None
            and default.default_value.name
            and value == _of_attribute(default.default_value, known, still)
        ):
            continue
        stated.append([attribute.name, value])
    return stated


def _of_attribute(
    attribute: AttributeProto, known: Mapping[str, str], still: StaticGraph
) -> object:
    if attribute.type == AttributeProto.TENSOR:
        return _of_tensor(numpy_helper.to_array(attribute.t))
    if attribute.type in {AttributeProto.GRAPH, AttributeProto.GRAPHS}:
        graphs = [attribute.g] if attribute.type == AttributeProto.GRAPH else attribute.graphs
        return [_of_inner(graph, known, still) for graph in graphs]
    value = onnx.helper.get_attribute_value(attribute)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list | tuple) or hasattr(value, "__iter__"):
        return [one.hex() if isinstance(one, bytes) else repr(one) for one in value]
    return attribute.SerializeToString(deterministic=True).hex()


def _of_inner(graph: onnx.GraphProto, outer: Mapping[str, str], still: StaticGraph) -> list[str]:
    """Hash a graph within an operator (If, Loop); it reads values from around it by name."""
    known = dict(outer)
    known |= {value.name: f"inner input {number}" for number, value in enumerate(graph.input)}
    known |= {one.name: _of_tensor(numpy_helper.to_array(one)) for one in graph.initializer}
    _walk(list(graph.node), known, still)
    return [known[value.name] for value in graph.output]


def _of_tensor(values: NDArray[np.generic]) -> str:
    if values.dtype.kind in "biufc":
        return weights_sha256({"": values})
    # Four bits, brain floats, texts: kinds that NumPy has not, each with words for its values.
    words = [str(one) for one in values.ravel()]
    return sha256_of(canonical_json([values.dtype.name, list(values.shape), words]))


def _of_shape(values: NDArray[np.generic]) -> str:
    if values.dtype.kind != "f" or values.size <= _WRITTEN:
        return _of_tensor(values)
    return sha256_of(canonical_json([values.dtype.name, list(values.shape)]))


def _schema(node: onnx.NodeProto, opset: int) -> Any | None:
    try:
        return defs.get_schema(node.op_type, opset, node.domain)
    except defs.SchemaError:
        return None


def _changed_since(node: onnx.NodeProto, opset: int) -> str:
    """Mark an operator whose form is another in this opset than in ours; empty where it is not."""
    ours, theirs = _schema(node, OPSET), _schema(node, opset)
    if ours is None or theirs is None or _form(ours) == _form(theirs):
        return ""
    return f"@{theirs.since_version}"


def _form(schema: Any) -> object:
    attributes = {
        name: one.default_value.SerializeToString(deterministic=True)
        for name, one in schema.attributes.items()
    }
    return attributes, [one.name for one in schema.inputs], [one.name for one in schema.outputs]
