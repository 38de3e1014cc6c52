"""Building TensorRT engines, on the device where they will run. Needs no torch."""
