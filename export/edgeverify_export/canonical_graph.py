"""One form for one graph: the same weights and network give the same bytes, today and tomorrow.

Exporters number their values with counters of the process, record where a node came from, and
sign with their version. All of that goes; what computes stays.

An embedding that has sides of 1 behind it, as converters of other formats leave it, is flattened.
"""

from __future__ import annotations

import contextlib
import heapq
import logging
from typing import TYPE_CHECKING

import onnx
from onnx import helper

from edgeverify.errors import ParityError

if TYPE_CHECKING:
    from collections.abc import Callable


def with_inferred_output(model: onnx.ModelProto) -> onnx.ModelProto:
    """Write the output's sides into the graph where they follow from it but are not stated.

    Tracing leaves them open behind an operator that takes a shape, as a normalisation does.
    """
    inferred = onnx.shape_inference.infer_shapes(model)
    if len(model.graph.output) != 1 or len(inferred.graph.output) != 1:
        return model
    ours = model.graph.output[0].type.tensor_type.shape.dim
    theirs = inferred.graph.output[0].type.tensor_type.shape.dim
    if len(ours) != len(theirs):
        return model
    made = onnx.ModelProto()
    made.CopyFrom(model)
    sides = made.graph.output[0].type.tensor_type.shape.dim
    for side, found in zip(list(sides)[1:], list(theirs)[1:], strict=True):
        if not side.HasField("dim_value") and found.HasField("dim_value"):
            side.dim_value = found.dim_value
    return made


def flat_output(model: onnx.ModelProto) -> tuple[onnx.ModelProto, str | None]:
    """Flatten a (batch, n, 1, 1) output to (batch, n); a word on it.

    Any other graph comes back as it is, and None.
    """
    if len(model.graph.output) != 1:
        return model, None
    entry = model.graph.output[0].type.tensor_type
    sides = [dim.dim_value for dim in entry.shape.dim]
    if len(sides) < 3 or sides[1] < 2 or any(side != 1 for side in sides[2:]):
        return model, None
    made = onnx.ModelProto()
    made.CopyFrom(model)
    output = made.graph.output[0]
    inner = output.name
    outer = f"{inner}_flat"
    made.graph.node.append(
        helper.make_node("Flatten", [inner], [outer], name="flatten_embedding", axis=1)
    )
    output.name = outer
    del output.type.tensor_type.shape.dim[2:]
    return made, f"output (batch, {sides[1]}{', 1' * len(sides[2:])}): it was flattened"


def simplified(
    model: onnx.ModelProto, require: Callable[[onnx.ModelProto], object]
) -> tuple[onnx.ModelProto, str]:
    """Simplify with onnxslim; give back the graph and a word on what happened.

    `require` raises ParityError where its argument no longer answers as the original does; then,
    and where onnxslim fails or is not installed, the original is kept.
    """
    try:
        import onnxslim  # noqa: PLC0415 - of the [export] extra; adopting a graph works without
    except ImportError:
        return model, "not simplified: onnxslim is not installed"
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    logging.disable(logging.WARNING)
    try:
        with contextlib.redirect_stdout(None):
            slim = canonical(onnxslim.slim(copy))
        require(slim)
    except ParityError:
        return model, "not simplified: onnxslim's graph gave other answers"
    except Exception as error:  # noqa: BLE001 - a foreign optimiser; the original is always there
        return model, f"not simplified: onnxslim failed ({type(error).__name__})"
    finally:
        logging.disable(logging.NOTSET)
    return slim, f"simplified: {len(model.graph.node)} to {len(slim.graph.node)} operators"


IR_VERSION = 8
"""The IR of opset 17's time; ONNX Runtime from 1.13 and TensorRT from 8.5 read it."""

PRODUCER = "edgeverify-export"


def canonical(model: onnx.ModelProto) -> onnx.ModelProto:
    """Copy the graph with names by position, constants as initialisers and no history."""
    graph = model.graph
    names = {value.name: value.name for value in (*graph.input, *graph.output)}
    weights = [tensor for tensor in graph.initializer if tensor.name not in names]
    nodes: list[onnx.NodeProto] = []
    for node in graph.node:
        if node.op_type == "Constant" and node.attribute[0].name == "value":
            tensor = onnx.TensorProto()
            tensor.CopyFrom(node.attribute[0].t)
            tensor.name = node.output[0]
            weights.append(tensor)
        else:
            nodes.append(node)
    known = {tensor.name: tensor for tensor in weights}
    nodes = _sorted(nodes, {*known, *(value.name for value in graph.input), ""})
    used: list[onnx.TensorProto] = []
    for node in nodes:
        for name in node.input:
            if name in known and name not in names:
                names[name] = f"w{len(used)}"
                used.append(known[name])
        for name in node.output:
            if name and name not in names:
                names[name] = f"v{len(names)}"
    fresh = onnx.helper.make_graph(
        [_renamed(node, names, index) for index, node in enumerate(nodes)],
        "embedder",
        [_bare(value) for value in graph.input if value.name not in known],
        [_bare(value) for value in graph.output],
        [_tensor(tensor, names[tensor.name]) for tensor in used],
    )
    domains = [
        onnx.helper.make_opsetid(entry.domain, entry.version)
        for entry in sorted(model.opset_import, key=lambda entry: entry.domain)
        if entry.domain in {node.domain for node in nodes} | {""}
    ]
    return onnx.helper.make_model(
        fresh, opset_imports=domains, producer_name=PRODUCER, ir_version=IR_VERSION
    )


def _sorted(nodes: list[onnx.NodeProto], ready: set[str]) -> list[onnx.NodeProto]:
    """Every operator after those that it needs; otherwise in the given order.

    Raises ValueError on a cycle.
    """
    made_by = {name: index for index, node in enumerate(nodes) for name in node.output if name}
    waiting_for: list[set[int]] = []
    followers: dict[int, list[int]] = {index: [] for index in range(len(nodes))}
    for index, node in enumerate(nodes):
        needs = {made_by[name] for name in node.input if name not in ready and name in made_by}
        waiting_for.append(needs)
        for need in needs:
            followers[need].append(index)
    heap = [index for index, needs in enumerate(waiting_for) if not needs]
    heapq.heapify(heap)
    order = []
    while heap:
        index = heapq.heappop(heap)
        order.append(nodes[index])
        for follower in followers[index]:
            waiting_for[follower].discard(index)
            if not waiting_for[follower]:
                heapq.heappush(heap, follower)
    if len(order) != len(nodes):
        raise ValueError("the graph has a cycle")
    return order


def _renamed(node: onnx.NodeProto, names: dict[str, str], index: int) -> onnx.NodeProto:
    copy = onnx.NodeProto()
    copy.CopyFrom(node)
    copy.name = f"{node.op_type}_{index}"
    copy.doc_string = ""
    del copy.metadata_props[:]
    attributes = sorted(copy.attribute, key=lambda attribute: attribute.name)
    for attribute in attributes:
        attribute.doc_string = ""
    del copy.attribute[:]
    copy.attribute.extend(attributes)
    copy.input[:] = [names.get(name, name) for name in node.input]
    copy.output[:] = [names.get(name, name) for name in node.output]
    return copy


def _tensor(tensor: onnx.TensorProto, name: str) -> onnx.TensorProto:
    copy = onnx.TensorProto()
    copy.CopyFrom(tensor)
    copy.name = name
    copy.doc_string = ""
    del copy.external_data[:]
    return copy


def _bare(value: onnx.ValueInfoProto) -> onnx.ValueInfoProto:
    copy = onnx.ValueInfoProto()
    copy.CopyFrom(value)
    copy.doc_string = ""
    del copy.metadata_props[:]
    return copy


def channels_first(model: onnx.ModelProto) -> tuple[onnx.ModelProto, str | None]:
    """Put a transpose before the input of a (batch, size, size, 3 or 1) graph; a word on it.

    Any other graph comes back as it is, and None. Nothing is guessed: only a last side of 3 or 1
    beside two equal sides of at least 16 is channels last.
    """
    weights = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in weights]
    if len(inputs) != 1:
        return model, None
    sides = [dim.dim_value for dim in inputs[0].type.tensor_type.shape.dim]
    if len(sides) != 4 or sides[3] not in {1, 3} or sides[1] != sides[2] or sides[1] < 16:
        return model, None
    made = onnx.ModelProto()
    made.CopyFrom(model)
    entry = next(value for value in made.graph.input if value.name == inputs[0].name)
    inner = entry.name
    outer = f"{inner}_channels_first"
    shape = entry.type.tensor_type.shape
    batch = onnx.TensorShapeProto.Dimension()
    batch.CopyFrom(shape.dim[0])
    size, depth = sides[1], sides[3]
    del shape.dim[:]
    shape.dim.add().CopyFrom(batch)
    for side in (depth, size, size):
        shape.dim.add().dim_value = side
    entry.name = outer
    turn = helper.make_node(
        "Transpose", [outer], [inner], name="to_channels_last", perm=[0, 2, 3, 1]
    )
    made.graph.node.insert(0, turn)
    return made, "channels last: a transpose was put before the input"
