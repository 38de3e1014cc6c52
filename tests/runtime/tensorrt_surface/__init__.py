"""TensorRT as it really is, as far as that can be known without a GPU."""
