"""ONNX Runtime, on CPU or GPU."""
