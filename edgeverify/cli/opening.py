"""The door's own pipeline for commands that look at photos; no camera, no PAD."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edgeverify.domain import OperatingPoint
    from edgeverify.settings import Settings
    from edgeverify.verifier.pipeline import Pipeline


def open_pipeline_for(
    settings: Settings,
    folder: Path,
    *,
    otherwise: OperatingPoint | None = None,
    at_door: bool = False,
) -> Pipeline:
    """Open the bundle that `settings` name, prove it by its golden vectors, choose the threshold.

    `folder` is what relative paths start from. Raises BundleError, RuntimeUnavailableError and,
    where no evidence carries the stated rate and there is no `otherwise`, ConfigError; `at_door`
    as `open_brain`.
    """
    import os

    from edgeverify.errors import ConfigError
    from edgeverify.models.folders import models_directory
    from edgeverify.progress import download_bar
    from edgeverify.verifier.owner_key import owner_key
    from edgeverify.verifier.verifier import open_brain

    owner = owner_key(settings, folder)
    without_pad = settings.model_copy(update={"liveness": "off"})
    models = models_directory(os.environ)
    with download_bar() as progress:
        brain = open_brain(without_pad, models, owner, at_door=at_door, progress=progress)
    try:
        point = brain.point(settings)
    except ConfigError:
        if otherwise is None:
            raise
        point = otherwise
    return brain.pipeline(without_pad, point)
