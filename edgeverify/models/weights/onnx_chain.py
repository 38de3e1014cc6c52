"""Reading a published ONNX graph that is a chain of layers: what each layer is, and its weights.

Weights are plain FP32, or quantised to int8 in blocks (`DequantizeLinear` with `block_size`, ONNX
operator set 21), which are expanded here with numpy. Nothing of the graph is ever run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from edgeverify.errors import CheckpointError

Tensor = NDArray[np.generic]

_IDLE = frozenset({"Dropout", "Identity"})  # does nothing but in training


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layer:
    """One operator of the chain: its kind, its constant inputs in order, its attributes."""

    name: str
    kind: str
    weights: tuple[NDArray[np.float32], ...]
    attributes: Mapping[str, object]

    def number(self, name: str, default: float) -> float:
        """Return a numeric attribute, `default` where the graph does not write it down."""
        found = self.attributes.get(name, default)
        return float(found) if isinstance(found, (int, float)) else default

    def numbers(self, name: str) -> tuple[int, ...]:
        """Return an attribute that is a list of integers, empty where it is not there."""
        found = self.attributes.get(name, ())
        return tuple(int(each) for each in found) if isinstance(found, (list, tuple)) else ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Chain:
    """Layers from input to output; `tensors` are the graph's own constants by name, as stored."""

    layers: tuple[Layer, ...]
    tensors: Mapping[str, Tensor]


def read_chain(data: bytes) -> Chain:
    """Read the layers of an ONNX file; CheckpointError where it is not a chain or not finite.

    Each layer may take the output of the layer before it and constants, nothing else. Extra graph
    inputs that name constants are passed over; so are layers that only do something in training.
    """
    try:
        graph = onnx.load_model_from_string(data).graph
    except Exception:  # noqa: BLE001 - protobuf's error has no stable, typed home
        raise CheckpointError("the file is not an ONNX model") from None
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    known: dict[str, Tensor] = dict(stored)
    if not graph.input:
        raise CheckpointError("the graph has no input")
    at = next((one.name for one in graph.input if one.name not in known), "")
    layers: list[Layer] = []
    for node in graph.node:
        attributes = {one.name: helper.get_attribute_value(one) for one in node.attribute}
        if node.op_type == "Constant":
            known[node.output[0]] = numpy_helper.to_array(attributes["value"])
        elif node.input[0] in known:
            known[node.output[0]] = _folded(node, attributes, known)
        elif node.input[0] != at:
            raise CheckpointError(f"the graph is not a chain: {node.name} takes {node.input[0]}")
        else:
            at = node.output[0]
            if node.op_type not in _IDLE:
                layers.append(_layer(node, attributes, known))
    if not graph.output or graph.output[0].name != at:
        raise CheckpointError("the graph is not a chain: its last layer is not its output")
    return Chain(layers=tuple(layers), tensors=stored)


def _layer(
    node: onnx.NodeProto, attributes: Mapping[str, object], known: Mapping[str, Tensor]
) -> Layer:
    missing = [name for name in node.input[1:] if name not in known]
    if missing:
        raise CheckpointError(f"the graph is not a chain: {node.name} also takes {missing[0]}")
    weights = tuple(known[name].astype(np.float32) for name in node.input[1:])
    if not all(np.isfinite(each).all() for each in weights):
        raise CheckpointError(f"{node.name} holds NaN or infinite weights")
    return Layer(name=node.name, kind=node.op_type, weights=weights, attributes=attributes)


def _folded(
    node: onnx.NodeProto, attributes: Mapping[str, object], known: Mapping[str, Tensor]
) -> Tensor:
    """Work out an operator that only has constants: expanding and reshaping weights."""
    try:
        given = [known[name] for name in node.input]
    except KeyError as error:
        raise CheckpointError(f"{node.name} mixes constants and pictures: {error}") from None
    if node.op_type == "Reshape":
        return given[0].reshape([int(side) for side in given[1]])
    if node.op_type == "DequantizeLinear":
        return _expanded(node.name, attributes, given)
    raise CheckpointError(f"{node.name} ({node.op_type}) makes weights in an unknown way")


def _expanded(name: str, attributes: Mapping[str, object], given: list[Tensor]) -> Tensor:
    """Expand blocks: (value - zero point) * scale, each scale standing for `block_size` values."""
    quantised, scale = given[0], given[1].astype(np.float32)
    zero = given[2].astype(np.float32) if len(given) > 2 else np.zeros_like(scale)
    axis, block = attributes.get("axis", 1), attributes.get("block_size", 0)
    if not isinstance(axis, int) or not isinstance(block, int) or quantised.dtype.kind not in "iu":
        raise CheckpointError(f"{name}: weights are quantised in an unknown way")
    axis = min(axis, quantised.ndim - 1)
    side = quantised.shape[axis]
    if block <= 0 or scale.ndim != quantised.ndim or scale.shape[axis] != -(-side // block):
        raise CheckpointError(f"{name}: scales of {scale.shape} do not fit blocks of {block}")
    places = np.arange(side) // block
    spread = [np.take(each, places, axis=axis) for each in (zero, scale)]
    return np.asarray((quantised.astype(np.float32) - spread[0]) * spread[1], dtype=np.float32)
