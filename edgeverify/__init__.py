"""edgeverify: door-access face verification on the edge."""

import os

__version__ = "0.1.0"

# ONNX Runtime reports to its maker, and stores an id of the machine, unless this stands before its
# first import. Every process of the product and of the workshop comes through here first, and
# hands it on to its children; what the environment said before does not count.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
