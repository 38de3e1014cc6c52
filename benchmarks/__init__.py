"""Measurements: each prints or draws what a page of docs/ states."""

import edgeverify  # noqa: F401 - it keeps ONNX Runtime from reporting to its maker
