"""Models that people can have today: fetched, rebuilt as ONNX without torch, kept as bundles."""
