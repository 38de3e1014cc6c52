"""Writing pictures that show faces or attempts: whole or not at all, for their owner's eyes."""

from __future__ import annotations

from pathlib import Path

from edgeverify.atomic_file import write_whole
from edgeverify.errors import EvaluationError


def require_picture_path(path: Path) -> None:
    """Check before any work that a PNG can be written there. Raises EvaluationError."""
    if path.suffix.lower() != ".png":
        raise EvaluationError(
            f"{path} is not the name of a PNG", advice="Name a file that ends in .png."
        )
    if not path.parent.is_dir():
        raise EvaluationError(f"{path} cannot be written: the folder {path.parent} does not exist")
    if path.is_dir():
        raise EvaluationError(f"{path} cannot be written: it is a folder")


def write_picture(path: Path, png: bytes) -> None:
    """Write a PNG with mode 0600, in place of one that is there. Raises EvaluationError."""
    require_picture_path(path)
    try:
        write_whole(path, png)
    except OSError as error:
        raise EvaluationError(f"{path} cannot be written: {error.strerror}") from None
