"""Settings from the options that `evaluate` and `calibrate` share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

if TYPE_CHECKING:
    from edgeverify.settings import Section, Settings

ConfigGiven: TypeAlias = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="Take model, gates and rules from a door's YAML."),
]
BundleName: TypeAlias = Annotated[
    str | None, typer.Option(help="A model's name, or a bundle folder.", show_default=False)
]
GateGiven: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--gate",
        help="A quality gate, as in the YAML: min_eye_distance_pixels=30. Repeat for more.",
        show_default=False,
    ),
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


def settings_of(
    *,
    config: Path | None,
    bundle: str | None,
    gates: list[str] | None,
    max_fmr: float | None = None,
    threshold: float | None = None,
    fusion: str | None = None,
    threads: int | None = None,
) -> tuple[Settings, Path]:
    """Put the options over a door's settings, or the defaults; and the folder they start from."""
    from edgeverify.config import load_config
    from edgeverify.models.build import typed_bundle
    from edgeverify.settings import DecisionSettings, QualitySettings, Settings

    settings, folder = Settings(), Path.cwd()
    if config is not None:
        loaded = load_config(config)
        settings, folder = loaded.settings, loaded.folder
    model = settings.model
    if bundle is not None:
        model = model.model_copy(update={"bundle": typed_bundle(bundle)})
    if threads is not None:
        model = model.model_copy(update={"threads": threads})
    decision: dict[str, object] = {}
    if max_fmr is not None:
        decision |= {"max_fmr": max_fmr, "threshold": None}
    if threshold is not None:
        decision["threshold"] = threshold
    if fusion is not None:
        decision["fusion"] = fusion
    return settings.model_copy(
        update={
            "model": model,
            "quality": _checked(QualitySettings, settings.quality, _gates(gates or []), "--gate"),
            "decision": _checked(
                DecisionSettings, settings.decision, decision, "--max-fmr, --threshold or --fusion"
            ),
        }
    ), folder


def _gates(given: list[str]) -> dict[str, object]:
    from edgeverify.errors import ConfigError

    found: dict[str, object] = {}
    for one in given:
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


def _checked(kind: type[Section], before: Section, given: dict[str, object], option: str) -> object:
    from pydantic import ValidationError

    from edgeverify.config.explaining import explain
    from edgeverify.errors import ConfigError

    try:
        return kind.model_validate(before.model_dump() | given)
    except ValidationError as failure:
        first = failure.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"{option}: {where}: {explain(first, kind)}") from None


def cache_folder(cache: Path | None, *, no_cache: bool) -> Path | None:
    """Return the private folder of embeddings, or None where nothing is to be kept."""
    import os

    from edgeverify.models.folders import cache_directory

    if no_cache:
        return None
    return cache if cache is not None else cache_directory(os.environ) / "evaluation"
