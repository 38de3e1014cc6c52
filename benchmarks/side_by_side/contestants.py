"""Everybody who looks at the frames: this pipeline in several ways, and OpenCV's cascade."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import cv2

from edgeverify.bundle.fusion import load_embedder
from edgeverify.comparison import compare_all
from edgeverify.domain import Face, Frame, RgbImage
from edgeverify.evaluation.speed.bench import random_references
from edgeverify.models.build import resolve_bundle
from edgeverify.models.folders import models_directory
from edgeverify.runtime.open_session import open_sessions
from edgeverify.settings import ModelSettings, QualitySettings, VisionSettings
from edgeverify.verifier.pipeline import Pipeline, open_face_finder, open_pipeline
from edgeverify.vision.dominance import FaceSelection
from edgeverify.vision.embedder import embedder_of

Lap = Callable[[RgbImage], tuple[float, float] | None]
"""Looks at one frame: milliseconds by the clock and of CPU over all threads; None for nothing."""

HAAR = "OpenCV Haar cascade (detection alone)"
TRACKED = "edgeverify, tracked (does not count)"


@contextmanager
def pipelines(models: list[str]) -> Iterator[dict[str, Pipeline]]:
    """Open each model's pipeline as the door does, the first also on one thread; by name."""
    opened = {}
    wanted = [(model, 2) for model in models] + [(models[0], 1)]
    with ExitStack() as stack:
        for model, threads in wanted:
            bundle = load_embedder(
                resolve_bundle(model, models_directory(os.environ), folder=Path.cwd())
            )
            settings = ModelSettings(runtime="onnxruntime-cpu", threads=threads)
            several = "thread" if threads == 1 else "threads"
            sessions = open_sessions(bundle.parts, settings).sessions
            for session in sessions:
                stack.enter_context(closing(session))
            vision = VisionSettings()
            pipeline = open_pipeline(
                embedder_of(bundle, sessions),
                open_face_finder(models_directory(os.environ), vision),
                quality=QualitySettings(),
                vision=vision,
            )
            stack.enter_context(closing(pipeline))
            opened[f"edgeverify, {model}, {threads} {several}"] = pipeline
        yield opened


def measured(work: Callable[[], object]) -> tuple[float, float]:
    """Run it; milliseconds by the clock, and of CPU."""
    began, worked = time.perf_counter(), time.process_time()
    work()
    return (time.perf_counter() - began) * 1000, (time.process_time() - worked) * 1000


def counted(pipeline: Pipeline) -> Lap:
    """Time a frame that counts, with its comparison."""
    reference = random_references(1, pipeline)

    def work(rgb: RgbImage) -> None:
        seen = pipeline.probe(rgb, FaceSelection.LARGEST)
        if seen.embedding is not None:
            compare_all(seen.embedding, reference, threshold=1.0)

    return lambda rgb: measured(lambda: work(rgb))


def tracked(pipeline: Pipeline) -> Lap:
    """Time a frame before those that count: the face is followed."""
    known: dict[int, Face | None] = {}

    def lap(rgb: RgbImage) -> tuple[float, float] | None:
        if id(rgb) not in known:
            known[id(rgb)] = pipeline.probe(rgb, FaceSelection.LARGEST).face
        face = known[id(rgb)]
        if face is None:
            return None
        frame = Frame(rgb=rgb, sequence=0, captured_at=0.0)
        return measured(lambda: pipeline.follow(frame, face))

    return lap


def haar() -> Lap:
    """Time OpenCV's own cascade with its usual settings; detection alone."""
    name = Path(cv2.__file__).parent / "data" / "haarcascade_frontalface_default.xml"
    cascade = cv2.CascadeClassifier(str(name))

    def work(rgb: RgbImage) -> None:
        cascade.detectMultiScale(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), 1.1, 5)

    return lambda rgb: measured(lambda: work(rgb))
