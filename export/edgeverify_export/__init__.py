"""The workshop: a trained PyTorch embedder becomes a verified bundle. Never imported by the daemon.

Installed as `edgeverify_export`. Only `engine`, `inspect`, `sign` and `verify` run without the
`[export]` extra (torch, torchvision, timm).
"""

import edgeverify  # noqa: F401 - it keeps ONNX Runtime from reporting to its maker
