"""A verifier for pictures rather than for a door: without PAD, with one pipeline of its own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from typing_extensions import Self

from edgeverify.domain import OperatingPoint
from edgeverify.progress import download_bar
from edgeverify.settings import Settings
from edgeverify.verifier.pipeline import Pipeline
from edgeverify.verifier.verifier import Verifier, open_verifier


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PhotoVerifier:
    """What commands and measurements look at pictures with; closed as a whole."""

    verifier: Verifier
    pipeline: Pipeline
    settings: Settings

    def point(self) -> OperatingPoint:
        """Choose the threshold. Raises ConfigError where no evidence carries the stated rate."""
        return self.verifier.point(self.settings)

    def close(self) -> None:
        """Free the pipeline, then the sessions under it."""
        self.pipeline.close()
        self.verifier.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def open_photo_verifier(settings: Settings, folder: Path, models: Path) -> PhotoVerifier:
    """Open what `settings` name as `open_verifier` does, and a pipeline on it.

    Whatever liveness the settings ask for, no PAD bundle is opened. What is fetched at the first
    need shows a bar.
    """
    without_pad = settings.model_copy(update={"liveness": "off"})
    with download_bar() as progress:
        verifier = open_verifier(without_pad, folder, models, progress=progress)
    try:
        pipeline = verifier.open_pipeline(without_pad)
    except BaseException:
        verifier.close()
        raise
    return PhotoVerifier(verifier=verifier, pipeline=pipeline, settings=settings)
