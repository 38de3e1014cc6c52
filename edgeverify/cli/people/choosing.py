"""Model and threshold for commands that compare images: from a door's YAML, or from options.

And what those that compare two photos share: their options, and reading a photo.
"""

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
    typer.Option("--config", "-c", help="Take model and threshold from a door's YAML."),
]
MaxFmr = Annotated[float | None, typer.Option(help="False match rate that selects the threshold.")]
ThresholdByHand = Annotated[
    float | None, typer.Option(help="A threshold by hand, in the bundle's score units.")
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

    real = path.resolve()
    return load_photo(real.parent, real.name, settings.enrolment)


def choose_settings(
    config: Path | None, bundle: str | None, max_fmr: float | None, threshold: float | None
) -> tuple[Settings, Path]:
    """Return the settings and the folder that their relative paths start from.

    Options win over the config, the config over the defaults. Raises ConfigError.
    """
    from pydantic import ValidationError

    from edgeverify.config import load_config
    from edgeverify.config.explaining import explain
    from edgeverify.errors import ConfigError
    from edgeverify.models.build import typed_bundle
    from edgeverify.settings import DecisionSettings, Settings

    settings, folder = Settings(), Path.cwd()
    if config is not None:
        loaded = load_config(config)
        settings, folder = loaded.settings, loaded.folder
    given: dict[str, object] = {}
    if max_fmr is not None:
        given |= {"max_fmr": max_fmr, "threshold": None}
    if threshold is not None:
        given["threshold"] = threshold
    try:
        decision = DecisionSettings.model_validate(settings.decision.model_dump() | given)
    except ValidationError as failure:
        wrong = failure.errors(include_url=False)[0]
        option = f"--{'-'.join(str(part) for part in wrong['loc']).replace('_', '-')}"
        raise ConfigError(f"{option} {explain(wrong, DecisionSettings)}") from None
    model = settings.model
    if bundle is not None:
        model = model.model_copy(update={"bundle": typed_bundle(bundle)})
    return settings.model_copy(update={"decision": decision, "model": model}), folder
