"""Writing pictures that show faces or attempts: whole or not at all, for their owner's eyes."""

from __future__ import annotations

from pathlib import Path

from edgeverify.errors import EvaluationError
from edgeverify.private_files import write_private


def write_picture(path: Path, png: bytes) -> None:
    """Write a PNG with mode 0600, in place of one that is there.

    Raises EvaluationError where it is no PNG's name, or the folder cannot be written.
    """
    if path.suffix.lower() != ".png":
        raise EvaluationError(f"{path} is not the name of a PNG", advice="End it in .png")
    try:
        write_private(path, png)
    except OSError as error:
        raise EvaluationError(f"{path} cannot be written: {error.strerror}") from None
