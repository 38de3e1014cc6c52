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
from edgeverify_export.casts import tidy_casts
from edgeverify_export.observe import observed_maxima

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
                op_block_list=[op for op in DEFAULT_OP_BLOCK_LIST if op not in {"Min", "Max"}],
                node_block_list=list(too_large),
            )
    finally:
        logging.disable(logging.NOTSET)
    kept = tuple(f"{name} ({value:.3g})" for name, value in too_large.items())
    return HalfGraph(canonical(tidy_casts(converted)), kept)


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
