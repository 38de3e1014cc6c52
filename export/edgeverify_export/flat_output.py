"""Graphs whose embedding has sides of 1 behind it, as converters of other formats leave it."""

from __future__ import annotations

import onnx
from onnx import helper


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
