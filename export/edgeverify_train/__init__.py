"""Training, as a stage of the workshop: folders of faces become a trained embedder.

Installed as `edgeverify_train` and never imported by the daemon; it needs the `[training]` extra
(torch, pytorch-metric-learning).
"""

import edgeverify  # noqa: F401 - it keeps ONNX Runtime from reporting to its maker
