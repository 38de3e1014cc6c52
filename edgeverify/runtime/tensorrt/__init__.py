"""TensorRT engines, built on the device and kept in a cache."""
