"""A chip's file to pixels of a stage's size."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edgeverify_export.parity.faces import read_rgb

from edgeverify.domain import RgbImage
from edgeverify.errors import EdgeverifyError
from edgeverify.feeding.alignment import whole_chip
from edgeverify_train.errors import TrainingError


@dataclass(frozen=True, slots=True)
class BadPicture:
    """A picture that cannot be read, as one worker tells the training of it."""

    path: Path
    reason: str


def unreadable(picture: BadPicture) -> TrainingError:
    """Make the error of a picture that cannot be read."""
    return TrainingError(
        f"{picture.path} cannot be trained on: {picture.reason}",
        advice="Take it out of the folder, or align its photo again.",
    )


def read_chip(path: Path, size: int) -> RgbImage | BadPicture:
    """Read a chip and bring it to `size` pixels square, uint8 RGB."""
    try:
        rgb = read_rgb(path)
    except EdgeverifyError as error:
        return BadPicture(path, error.problem)
    except OSError as error:
        return BadPicture(path, error.strerror or str(error))
    return rgb if rgb.shape[:2] == (size, size) else whole_chip(rgb, size)
