"""What the parser makes of a graph, the builder refuses of it and the inspector says of it."""

from __future__ import annotations

from typing import Any

import onnx

_KINDS = {
    "Conv": "CONVOLUTION",
    "Gemm": "MATRIX_MULTIPLY",
    "MatMul": "MATRIX_MULTIPLY",
    "Relu": "ACTIVATION",
    "Flatten": "SHUFFLE",
    "Cast": "IDENTITY",
}


def layer(module: Any, graph: onnx.GraphProto, node: onnx.NodeProto) -> Any:
    """Make a layer as the parser does: named as its node, typed as the graph types its output."""
    kinds = {tensor.name: tensor.data_type for tensor in graph.initializer}
    layer = module.ILayer()
    layer.name = node.name
    layer.type = module.LayerType[_KINDS.get(node.op_type, "ELEMENTWISE")]
    half = onnx.TensorProto.FLOAT16 in {kinds.get(name) for name in node.input}
    output = module.ITensor()
    output.dtype = module.DataType.HALF if half else module.DataType.FLOAT
    object.__setattr__(layer, "_output", output)
    return layer


def computing(module: Any) -> set[Any]:
    names = ("CONVOLUTION", "MATRIX_MULTIPLY", "FULLY_CONNECTED")
    return {module.LayerType[n] for n in names if n in module.LayerType.__members__}


def refused(network: Any, config: Any) -> str | None:
    """Say what the real builder refuses of shapes (NVIDIA/TensorRT, shapes and profiles)."""
    shape = network._input.shape
    if -1 in shape and not config._profiles:
        return "the network has dynamic inputs, but no optimization profile has been defined"
    for profile in config._profiles:
        for side, wanted in zip(shape, profile._shape, strict=True):
            if side not in {-1, wanted}:
                return f"static dimension {side} of the input differs from the profile's {wanted}"
    return None


def inspected(*, half: bool, fused: bool, detailed: bool) -> dict[str, Any]:
    """What the inspector says: the last layer writes the FP32 output, whatever it computes in."""

    def tensor(name: str, text: str) -> dict[str, str]:
        return {"Name": name, "Format/Datatype": text}

    if not detailed:
        return {"Layers": ["Reformatting CopyNode for Input Tensor 0", "conv + relu", "shape"]}
    kind, single = "Half" if half else "Float", "Row major linear FP32"
    if fused:
        node = {
            "Name": "{ForeignNode[conv...output]}",
            "LayerType": "Myelin",
            "Inputs": [tensor("input", single)],
            "Outputs": [tensor("embedding", single)],
        }
        return {"Layers": [node]}
    reformat = {"Name": "Reformatting CopyNode for Input Tensor 0", "LayerType": "Reformat",
                "Inputs": [tensor("input", single)], "Outputs": [tensor("r", kind)]}  # fmt: skip
    last = {"Name": "conv + relu", "LayerType": "CaskConvolution",
            "Inputs": [tensor("r", kind)], "Outputs": [tensor("embedding", single)],
            "ParameterType": "Convolution", "Weights": {"Type": kind, "Count": 768}}  # fmt: skip
    shape = {"Name": "shape", "LayerType": "Shape", "Outputs": [tensor("s", "Int32")]}
    return {"Layers": [reformat, last, shape]}
