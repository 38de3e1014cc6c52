"""What every graph must pass before it goes into a bundle."""

from __future__ import annotations

import onnx

from edgeverify.errors import CheckpointError

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
