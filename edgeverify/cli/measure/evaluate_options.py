"""The options that `evaluate` and `calibrate` share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

ConfigGiven: TypeAlias = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="Take model, gates and rules from a door's YAML."),
]
GateGiven: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--gate",
        help="A quality gate, as in the YAML: min_eye_distance_pixels=30. Repeat for more.",
        show_default=False,
    ),
]
FaceChosen: TypeAlias = Annotated[
    str, typer.Option(help="Which of several faces: dominant (the door's), central, largest.")
]
AlignedGiven: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--aligned", help="The pictures are finished chips of the model: look for no face."
    ),
]
CacheFolder: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--cache",
        help="Where embeddings are kept, for you alone; without it $XDG_CACHE_HOME/edgeverify.",
        show_default=False,
    ),
]
Threads: TypeAlias = Annotated[
    int | None, typer.Option(min=1, max=64, help="CPU threads.", show_default=False)
]


def gates_of(given: list[str] | None) -> dict[str, object]:
    """Return the keys and values of `--gate`. Raises ConfigError for one that is not KEY=NUMBER."""
    from edgeverify.errors import ConfigError

    found: dict[str, object] = {}
    for one in given or ():
        name, equals, value = one.partition("=")
        try:
            found[name] = float(value)
        except ValueError:
            equals = ""
        if not equals:
            raise ConfigError(
                f"--gate {one!r} is not a gate and a number",
                advice="Write it like --gate min_eye_distance_pixels=30.",
            )
    return found


def cache_folder(cache: Path | None, *, no_cache: bool) -> Path | None:
    """Return the private folder of embeddings, or None where nothing is to be kept."""
    import os

    from edgeverify.models.folders import cache_directory

    if no_cache:
        return None
    return cache if cache is not None else cache_directory(os.environ) / "evaluation"
