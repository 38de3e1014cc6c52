"""The catalogue's networks as ONNX graphs."""
