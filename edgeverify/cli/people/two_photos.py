"""What the commands that compare two photos share: their options, and reading a photo."""

from __future__ import annotations

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
BundleName = Annotated[
    str | None, typer.Option(help="A model's name, or a bundle folder.", show_default=False)
]
DoorConfig = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="Take model, gates and threshold from a door's YAML."),
]
MaxFmr = Annotated[float | None, typer.Option(help="False match rate that selects the threshold.")]
ThresholdByHand = Annotated[
    float | None, typer.Option(help="A threshold by hand, in the bundle's score units.")
]


def read_photo(path: Path, settings: Settings) -> Photo:
    """Read a photo as enrolment reads it; ImageError where it cannot be one."""
    from edgeverify.enrolment import load_photo

    real = path.resolve()
    return load_photo(real.parent, real.name, settings.enrolment)
