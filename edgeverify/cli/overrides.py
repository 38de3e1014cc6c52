"""The settings of a command that compares or measures: a door's YAML, with options put over it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias, TypeVar

import typer

if TYPE_CHECKING:
    from edgeverify.settings import Section, Settings

    SectionOf = TypeVar("SectionOf", bound=Section)

BundleName: TypeAlias = Annotated[
    str | None,
    typer.Option(help="A model's name, or a bundle folder. Without it the config's, else sface."),
]
MaxFmr: TypeAlias = Annotated[
    float | None, typer.Option(help="False match rate that selects the threshold.")
]
ThresholdByHand: TypeAlias = Annotated[
    float | None, typer.Option(help="A threshold by hand, in the bundle's score units.")
]


def settings_with(  # noqa: PLR0913 - one argument per option
    config: Path | None,
    *,
    bundle: str | None = None,
    pad_bundle: str | None = None,
    threads: int | None = None,
    gates: Mapping[str, object] | None = None,
    gates_option: str = "--gate",
    max_fmr: float | None = None,
    threshold: float | None = None,
    fusion: str | None = None,
) -> tuple[Settings, Path]:
    """Return the settings and the folder that their relative paths start from.

    Options win over the config, the config over the defaults. Raises ConfigError, which names the
    option that a wrong value came from.
    """
    from edgeverify.config import load_config
    from edgeverify.models.build import typed_bundle
    from edgeverify.settings import Settings

    settings, folder = Settings(), Path.cwd()
    if config is not None:
        loaded = load_config(config)
        settings, folder = loaded.settings, loaded.folder
    model: dict[str, object] = {
        name: typed_bundle(given)
        for name, given in (("bundle", bundle), ("pad_bundle", pad_bundle))
        if given is not None
    }
    if threads is not None:
        model["threads"] = threads
    decision: dict[str, object] = {}
    if max_fmr is not None:
        decision |= {"max_fmr": max_fmr, "threshold": None}
    if threshold is not None:
        decision["threshold"] = threshold
    if fusion is not None:
        decision["fusion"] = fusion
    return settings.model_copy(
        update={
            "model": settings.model.model_copy(update=model),
            "quality": _checked(settings.quality, gates or {}, gates_option),
            "decision": _checked(settings.decision, decision),
        }
    ), folder


def _checked(before: SectionOf, given: Mapping[str, object], option: str = "") -> SectionOf:
    """Return the section with these values; one that cannot be is named by its option.

    `option` is named for keys that have no option of their own; without it a key's option is
    spelled as the key is.
    """
    from pydantic import ValidationError

    from edgeverify.config.explaining import explain
    from edgeverify.errors import ConfigError

    kind = type(before)
    try:
        return kind.model_validate(before.model_dump() | dict(given))
    except ValidationError as failure:
        first = failure.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        where = f"{option}: {key}:" if option else f"--{key.replace('_', '-')}"
        raise ConfigError(f"{where} {explain(first, kind)}") from None
