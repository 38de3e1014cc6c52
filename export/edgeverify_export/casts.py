"""Clean up after the FP16 converter, which casts around every operator that it was told to keep.

Between two kept operators it casts down and up again, and a value too large for FP16 would turn
infinite on the way: exactly what keeping them was for. And a value that two kept operators read is
cast twice under one name, which no graph may do.
"""

from __future__ import annotations

import onnx


def tidy_casts(model: onnx.ModelProto) -> onnx.ModelProto:
    """Copy the graph without doubled casts, and without casts down and straight up again."""
    made = onnx.ModelProto()
    made.CopyFrom(model)
    nodes = _without_doubles(list(made.graph.node))
    wide = {
        node.output[0]: node.input[0]
        for node in nodes
        if _casts_to(node) == onnx.TensorProto.FLOAT16
    }
    bypass = {
        node.output[0]: wide[node.input[0]]
        for node in nodes
        if _casts_to(node) == onnx.TensorProto.FLOAT and node.input[0] in wide
    }
    outputs = {value.name for value in made.graph.output}
    kept = [node for node in nodes if node.output[0] not in bypass or node.output[0] in outputs]
    for node in kept:
        node.input[:] = [bypass.get(name, name) for name in node.input]
    read = outputs | {name for node in kept for name in node.input}
    alive = [node for node in kept if _casts_to(node) is None or node.output[0] in read]
    del made.graph.node[:]
    made.graph.node.extend(alive)
    del made.graph.value_info[:]
    return made


def _casts_to(node: onnx.NodeProto) -> int | None:
    if node.op_type != "Cast":
        return None
    return next(int(attribute.i) for attribute in node.attribute if attribute.name == "to")


def _without_doubles(nodes: list[onnx.NodeProto]) -> list[onnx.NodeProto]:
    seen: set[str] = set()
    single = []
    for node in nodes:
        if node.op_type == "Cast" and node.output[0] in seen:
            continue
        seen.update(node.output)
        single.append(node)
    return single
