"""Look at the values inside a graph while it runs."""

from __future__ import annotations

import numpy as np
import onnx

from edgeverify.feeding.preprocessing import Batch


def observed_maxima(model: onnx.ModelProto, inputs: Batch) -> dict[str, float]:
    """Give the largest magnitude that each float value of the graph takes on these inputs.

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
