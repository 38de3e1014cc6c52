"""The workshop: a trained PyTorch embedder becomes a verified bundle. Never imported by the daemon.

Installed as `edgeverify_export`. Only `engine`, `inspect`, `sign` and `verify` run without the
`[export]` extra (torch, torchvision, timm).
"""
