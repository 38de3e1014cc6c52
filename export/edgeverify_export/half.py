"""FP32 to FP16 with ONNX Runtime's converter; inputs and outputs stay float32.

TensorRT from 10 on takes the precision of every layer from the graph, so the graph is where
FP16 is decided. Operators whose values do not fit (65,504 is the largest) stay FP32.
"""

from __future__ import annotations

import logging
import warnings
from dataclasses import dataclass

import numpy as np
import onnx

from edgeverify.feeding.preprocessing import Batch
from edgeverify_export.canonical_graph import canonical

KEPT_SINGLE = "edgeverify.kept_fp32"
"""Metadata of an FP16 graph: the operators of the FP32 graph that stayed FP32, one name per line.

TensorRT 8.x builds from the FP32 graph with a flag, and must be told which operators it spares.
"""


def observed_maxima(model: onnx.ModelProto, inputs: Batch) -> dict[str, float]:
    """Return the largest magnitude that each float value of the graph takes on these inputs.

    `inputs` is float32 (b, 3, h, w), run one at a time. Infinite where a value was not finite.
    """
    import onnxruntime  # noqa: PLC0415 - heavy

    opened = onnx.shape_inference.infer_shapes(model)
    kinds = {value.name: value.type.tensor_type.elem_type for value in opened.graph.value_info}
    outputs = {value.name for value in opened.graph.output}
    inner = [
        name
        for node in opened.graph.node
        for name in node.output
        if name not in outputs and kinds.get(name) == onnx.TensorProto.FLOAT
    ]
    for name in inner:
        value = onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None)
        opened.graph.output.append(value)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    # Fused operators would hide values that an FP16 back end still has to hold.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(
        opened.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    entry = session.get_inputs()[0]
    repeat = entry.shape[0] if isinstance(entry.shape[0], int) else 1
    names = [value.name for value in session.get_outputs()]
    maxima = {entry.name: float(np.abs(inputs).max())}
    for one in inputs:
        answers = session.run(names, {entry.name: np.repeat(one[None], repeat, axis=0)})
        for name, answer in zip(names, answers, strict=True):
            largest = float(np.abs(answer).max()) if answer.size else 0.0
            maxima[name] = max(maxima.get(name, 0.0), largest if np.isfinite(largest) else np.inf)
    return maxima


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


LIMIT = float(np.finfo(np.float16).max) / 2
"""Half of FP16's largest number: other faces than the ones looked at may give larger values."""

_SUMS = ("ReduceMean", "ReduceSum", "GlobalAveragePool")


@dataclass(frozen=True, slots=True)
class HalfGraph:
    """The FP16 graph and the operators that stayed FP32, as `name (largest value)`."""

    model: onnx.ModelProto
    kept: tuple[str, ...]


def to_half(model: onnx.ModelProto, inputs: Batch) -> HalfGraph:
    """Convert; `inputs` are float32 (b, 3, size, size), fed as the network wants them."""
    from onnxruntime.transformers.float16 import (  # noqa: PLC0415 - half a second
        DEFAULT_OP_BLOCK_LIST,
        convert_float_to_float16,
    )

    too_large = _too_large(model, inputs)
    blocked = [op for op in DEFAULT_OP_BLOCK_LIST if op not in {"Min", "Max"}]
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            # It warns of every weight below FP16's smallest number, which becomes that number.
            warnings.simplefilter("ignore")
            converted = convert_float_to_float16(
                copy,
                keep_io_types=True,
                op_block_list=blocked,
                node_block_list=list(too_large),
            )
    finally:
        logging.disable(logging.NOTSET)
    kept = tuple(f"{name} ({value:.3g})" for name, value in too_large.items())
    made = canonical(tidy_casts(converted))
    spared = [n.name for n in model.graph.node if n.name in too_large or n.op_type in blocked]
    onnx.helper.set_model_props(made, {KEPT_SINGLE: "\n".join(spared)})
    return HalfGraph(made, kept)


def kept_single(half: bytes) -> tuple[str, ...] | None:
    """Read which operators of the FP32 graph an FP16 graph left in FP32; None where unknown."""
    properties = onnx.load_model_from_string(half).metadata_props
    found = {entry.key: entry.value for entry in properties}.get(KEPT_SINGLE)
    return None if found is None else tuple(found.splitlines())


def _too_large(model: onnx.ModelProto, inputs: Batch) -> dict[str, float]:
    maxima = observed_maxima(model, inputs)
    counts = {tensor.name: _largest(tensor) for tensor in model.graph.initializer}
    shapes = _pixels(model)
    found = {}
    for node in model.graph.node:
        values = [maxima.get(n, counts.get(n, 0.0)) for n in (*node.input, *node.output) if n]
        if node.op_type in _SUMS:
            # What is summed up before the division must fit, too.
            values.append(maxima.get(node.input[0], 0.0) * shapes.get(node.input[0], 1))
        largest = max(values, default=0.0)
        if largest > LIMIT:
            found[node.name] = largest
    return found


def _largest(tensor: onnx.TensorProto) -> float:
    if tensor.data_type != onnx.TensorProto.FLOAT:
        return 0.0
    values = onnx.numpy_helper.to_array(tensor)
    return float(np.abs(values).max()) if values.size else 0.0


def _pixels(model: onnx.ModelProto) -> dict[str, int]:
    inferred = onnx.shape_inference.infer_shapes(model)
    return {
        value.name: int(np.prod([d.dim_value or 1 for d in value.type.tensor_type.shape.dim[2:]]))
        for value in inferred.graph.value_info
    }
