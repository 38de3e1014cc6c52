"""The [training] extra, and what to say where it is missing."""

from __future__ import annotations

from importlib.util import find_spec

from edgeverify.errors import EdgeverifyError

NEEDED = ("torch", "torchvision", "timm", "pytorch_metric_learning", "schedulefree", "tensorboard")


def require_training() -> None:
    """Raise an error that says how to install it, instead of an ImportError."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise EdgeverifyError(
            f"this command needs {', '.join(missing)}",
            advice="Install the workshop: pip install 'edgeverify[training]'.",
        )
