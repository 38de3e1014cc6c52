"""This release's counted frame, asked over pipes: `python worker_now.py BUNDLE THREADS`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from answering import answer  # type: ignore[import-not-found, unused-ignore]

from edgeverify.bundle.fusion import load_embedder
from edgeverify.comparison import compare_all
from edgeverify.evaluation.speed.bench import random_references
from edgeverify.models.build import resolve_bundle
from edgeverify.models.folders import models_directory
from edgeverify.runtime.open_session import open_sessions
from edgeverify.settings import ModelSettings, QualitySettings, VisionSettings
from edgeverify.verifier.pipeline import open_face_finder, open_pipeline
from edgeverify.vision.dominance import FaceSelection
from edgeverify.vision.embedder import embedder_of


def main(name: str, threads: int) -> None:
    """Open the pipeline as the door does, and answer."""
    models = models_directory(os.environ)
    bundle = load_embedder(resolve_bundle(name, models, folder=Path.cwd()))
    settings = ModelSettings(runtime="onnxruntime-cpu", threads=threads)
    vision = VisionSettings()
    pipeline = open_pipeline(
        embedder_of(bundle, open_sessions(bundle.parts, settings).sessions),
        open_face_finder(models, vision),
        quality=QualitySettings(),
        vision=vision,
    )
    reference = random_references(1, pipeline)
    answer(
        lambda rgb: pipeline.probe(rgb, FaceSelection.LARGEST),
        lambda embedding: compare_all(embedding, reference, threshold=1.0),
    )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
