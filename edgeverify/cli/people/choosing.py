"""What commands that compare two photos share: their options, and reading a photo."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from edgeverify.enrolment import Photo
    from edgeverify.settings import Settings

ProbeImage = Annotated[Path, typer.Argument(help="An image of the person.", show_default=False)]
ReferenceImage = Annotated[
    Path, typer.Argument(help="An image of whom they claim to be.", show_default=False)
]
DoorConfig = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="Take model and threshold from a door's YAML."),
]


def as_options(text: str) -> str:
    """Return a sentence of the bundle's with this command's options for a config's keys.

    For a command that was given no config: its reader has no place to write those keys.
    """
    return (
        text.replace("write decision.threshold by hand", "give one by hand with `--threshold`")
        .replace("decision.threshold", "--threshold")
        .replace("decision.max_fmr", "--max-fmr")
    )


def read_photo(path: Path, settings: Settings) -> Photo:
    """Read a photo as enrolment reads it; ImageError where it cannot be one."""
    from edgeverify.enrolment import load_photo

    # Path.resolve raises where links lead round (up to Python 3.12); reading then says so.
    real = Path(os.path.realpath(path))
    return load_photo(real.parent, real.name, settings.enrolment)
