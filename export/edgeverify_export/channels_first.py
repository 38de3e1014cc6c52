"""Graphs that take channels last, as Keras exports them, made to take channels first."""

from __future__ import annotations

import onnx
from onnx import helper


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
