"""Checks that an ONNX graph fits what its manifest says and holds everything it needs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import onnx

from edgeverify.errors import BundleError

_REBUILD = "Make the bundle again with `edgeverify-export`, or fetch it with `edgeverify models`."


def check_graph(data: bytes, path: Path, *, size: int, outputs: int, depth: int = 3) -> None:
    """Refuse what does not fit, by BundleError naming `path`.

    Wanted: one float32 input (batch, depth, size, size), one float32 output (batch, outputs), no
    external data anywhere (it would be read from outside the hashed file). `depth` is 3, or 1 for
    a network of grey pictures.
    """
    try:
        model = onnx.load_model_from_string(data)
    except Exception:  # noqa: BLE001 - protobuf's error has no stable, typed home
        raise BundleError(f"{path} is not an ONNX model", advice=_REBUILD) from None
    if has_external_data(model):
        raise BundleError(
            f"{path} keeps weights in another file (external data), which is never read",
            advice="Save the model with its weights inside.",
        )
    weights = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in weights]
    _require(path, "input", inputs, (None, depth, size, size))
    _require(path, "output", list(model.graph.output), (None, outputs))


def fixed_batch(data: bytes) -> int | None:
    """Return the number of chips that an ONNX graph always takes at once; None where it is open."""
    graph = onnx.load_model_from_string(data).graph
    weights = {tensor.name for tensor in graph.initializer}
    entry = next(value for value in graph.input if value.name not in weights)
    side = entry.type.tensor_type.shape.dim[0]
    return side.dim_value if side.HasField("dim_value") and side.dim_value > 0 else None


def has_external_data(model: onnx.ModelProto) -> bool:
    """Return whether any tensor of a graph lies in another file."""
    return any(
        tensor.data_location == onnx.TensorProto.EXTERNAL or bool(tensor.external_data)
        for tensor in _tensors(model)
    )


def _tensors(message: object) -> Iterator[onnx.TensorProto]:
    """Yield every tensor that stands anywhere below a message.

    Whatever may hold one is walked by the format's own description: graphs in attributes, local
    functions and their default attributes, sparse values, training steps, and what a later
    version of the format adds.
    """
    waiting: list[Any] = [message]
    while waiting:
        current = waiting.pop()
        if isinstance(current, onnx.TensorProto):
            yield current
            continue
        for field, value in current.ListFields():
            if field.message_type is not None:
                waiting.extend([value] if hasattr(value, "ListFields") else value)


def _require(
    path: Path, what: str, values: list[onnx.ValueInfoProto], wanted: tuple[int | None, ...]
) -> None:
    shown = "(batch, " + ", ".join(str(side) for side in wanted[1:]) + ")"
    if len(values) != 1:
        raise BundleError(
            f"{path} has {len(values)} {what}s; one of shape {shown} is needed", advice=_REBUILD
        )
    tensor = values[0].type.tensor_type
    sides = tuple(
        side.dim_value if side.HasField("dim_value") else None for side in tensor.shape.dim
    )
    if tensor.elem_type != onnx.TensorProto.FLOAT or sides[1:] != wanted[1:]:
        kind = onnx.TensorProto.DataType.Name(tensor.elem_type).lower()
        raise BundleError(
            f"{path} has the {what} {kind} {sides}, but its manifest says float {shown}",
            advice=_REBUILD,
        )
