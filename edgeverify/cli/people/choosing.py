"""Model and threshold for commands that compare images: from a door's YAML, or from options."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edgeverify.settings import Settings


def choose_settings(
    config: Path | None, bundle: str | None, max_fmr: float | None, threshold: float | None
) -> tuple[Settings, Path]:
    """Give the settings and the folder that their relative paths start from.

    Options win over the config, the config over the defaults. Raises ConfigError.
    """
    from pydantic import ValidationError

    from edgeverify.config import load_config
    from edgeverify.errors import ConfigError
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
        raise ConfigError(f"--max-fmr or --threshold: {failure.errors()[0]['msg']}") from None
    model = settings.model
    if bundle is not None:
        # a folder in sight wins over a name, and is made a path for the catalogue's sake
        named = str(Path(bundle).absolute()) if Path(bundle).is_dir() else bundle
        model = model.model_copy(update={"bundle": named})
    return settings.model_copy(update={"decision": decision, "model": model}), folder
