"""The door's own stages, opened for measuring; and what an embedding made by them depends on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import edgeverify.feeding
import edgeverify.runtime
import edgeverify.vision
from edgeverify.comparison import Metric
from edgeverify.domain import OperatingPoint, RgbImage
from edgeverify.errors import ConfigError, EvaluationError
from edgeverify.evaluation.images.acquired import Acquired
from edgeverify.models.folders import models_directory
from edgeverify.settings import Settings
from edgeverify.verifier.photos import open_photo_verifier
from edgeverify.verifier.pipeline import Pipeline
from edgeverify.verifier.verifier import Verifier
from edgeverify.vision.dominance import FaceSelection


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Instrument:
    """Bundle, back end and stages, as the door has them.

    `point` is the threshold for the settings' rate, or None where the bundle has no evidence for
    it. `selection` says which of several faces is taken; the door's is `DOMINANT`. With `aligned`
    pictures are the model's chips, cut before: no face is looked for, and none is measured.
    """

    verifier: Verifier
    pipeline: Pipeline
    point: OperatingPoint | None
    selection: FaceSelection
    key: str
    aligned: bool = False

    @property
    def metric(self) -> Metric:
        """The manifest's."""
        return self.verifier.bundle.metric

    def look(self, rgb: RgbImage, digest: str) -> Acquired:
        """Take one picture through the stages, without quality gates."""
        if self.aligned:
            return self._take(rgb, digest)
        seen = self.pipeline.probe(rgb, self.selection, both_sides=True)
        return Acquired(
            digest=digest,
            refusal=seen.refusal,
            figures=seen.quality,
            pose=seen.face.pose if seen.face else None,
            values=seen.embedding.values if seen.embedding else None,
            reference_values=seen.reference.values if seen.reference else None,
        )

    def _take(self, rgb: RgbImage, digest: str) -> Acquired:
        embedder = self.pipeline.embedder
        probe, reference = embedder.embed_both_sides(embedder.take_chips(rgb))
        return Acquired(digest=digest, values=probe.values, reference_values=reference.values)

    def close(self) -> None:
        """Free the stages and the sessions under them."""
        self.pipeline.close()
        self.verifier.close()

    def facts(self) -> dict[str, str]:
        """Return in words what was measured: model, embedding space, back end, face rule."""
        face = "aligned before" if self.aligned else self.selection.value
        return {**self.verifier.facts, "face": face}


def open_instrument(
    settings: Settings,
    folder: Path,
    environ: Mapping[str, str],
    *,
    selection: FaceSelection = FaceSelection.DOMINANT,
    aligned: bool = False,
) -> Instrument:
    """Open what the settings name, prove it by its golden vectors, choose the threshold.

    `folder` is what relative paths start from. BundleError or RuntimeUnavailableError;
    EvaluationError for `aligned` pictures where the bundle's networks each want another chip;
    ConfigError for a threshold by hand that decides nothing.
    """
    opened = open_photo_verifier(settings, folder, models_directory(environ))
    templates = {part.manifest.template for part in opened.verifier.bundle.parts}
    if aligned and len(templates) > 1:
        opened.close()
        raise EvaluationError(
            "--aligned: the networks of this bundle want different chips, "
            f"{', '.join(sorted(templates))}",
            advice="Measure them on whole photos, without --aligned.",
        )
    try:
        point: OperatingPoint | None = opened.point()
    except ConfigError:
        if settings.decision.threshold is not None:
            opened.close()
            raise
        point = None
    return Instrument(
        verifier=opened.verifier,
        pipeline=opened.pipeline,
        point=point,
        selection=selection,
        key=_key(opened.verifier, settings, selection, aligned=aligned),
        aligned=aligned,
    )


def _key(verifier: Verifier, settings: Settings, selection: FaceSelection, *, aligned: bool) -> str:
    """Hash everything that an embedding depends on but the picture; hex."""
    parts = {
        "space": verifier.embedding_space,
        "session": verifier.runtime,
        "precision": [session.precision for session in verifier.opened.sessions],
        "vision": settings.vision.model_dump(mode="json"),
        "selection": "aligned" if aligned else selection.value,
        "networks": verifier.vision.manifest.files,
        "litert": version("ai-edge-litert"),
        "stages": _sources(),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _sources() -> str:
    """Hash the code of the stages, so that a changed stage never meets an old embedding."""
    whole = hashlib.sha256()
    for package in (edgeverify.vision, edgeverify.feeding, edgeverify.runtime):
        for path in sorted(Path(package.__file__ or "").parent.glob("*.py")):
            whole.update(path.read_bytes())
    return whole.hexdigest()
