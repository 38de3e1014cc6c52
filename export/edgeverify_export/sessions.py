"""Checking and running a graph that is not yet in a bundle."""

from __future__ import annotations

import numpy as np
import onnx
from numpy.typing import NDArray

from edgeverify.errors import CheckpointError
from edgeverify.feeding.preprocessing import Batch
from edgeverify.runtime.onnxruntime.session import OnnxRuntimeSession

OPSET = 17
"""The newest opset that TensorRT 8.5's parser takes; see docs/export.md."""


def checked(model: onnx.ModelProto) -> onnx.ModelProto:
    """Run ONNX's checker and shape inference; CheckpointError where either complains."""
    try:
        onnx.checker.check_model(model, full_check=True)
        inferred = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        raise CheckpointError(
            f"the graph does not pass ONNX's checks: {str(error).splitlines()[0]}"
        ) from None
    if not inferred.graph.output[0].type.tensor_type.HasField("shape"):
        raise CheckpointError("the shape of the graph's output cannot be inferred")
    return model


def run_graph(model: bytes, batch: Batch, *, threads: int = 2) -> Batch:
    """Run ONNX bytes once in ONNX Runtime on the CPU: float32 (b, 3, h, w) to (b, d)."""
    session = OnnxRuntimeSession(model, device="cpu", precision="fp32", threads=threads)
    try:
        return session.run(batch)
    finally:
        session.close()


def cosine_rows(first: Batch, second: Batch) -> NDArray[np.float64]:
    """Return the cosine of each row with the other's same row, float64 (b,); NaN becomes -1."""
    a, b = first.astype(np.float64), second.astype(np.float64)
    with np.errstate(all="ignore"):
        cosine = (a * b).sum(axis=1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1))
    clipped: NDArray[np.float64] = np.nan_to_num(np.clip(cosine, -1.0, 1.0), nan=-1.0)
    return clipped


def unit_rows(values: Batch) -> Batch:
    """Bring each row to length 1; a row of zeros stays."""
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    return np.asarray(values / np.maximum(lengths, 1e-12), dtype=np.float32)
