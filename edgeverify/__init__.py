"""edgeverify: door-access face verification on the edge."""

__version__ = "0.1.0"
