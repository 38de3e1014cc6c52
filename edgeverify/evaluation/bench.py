"""How fast the pipeline is here: every stage, every frame size, and what it costs."""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np
import psutil
from pydantic import BaseModel, ConfigDict

from edgeverify.comparison import ReferenceMatrix, compare_all
from edgeverify.domain import Embedding, Face, Frame, Reference
from edgeverify.evaluation.bench_scenes import Scene
from edgeverify.pipeline import Pipeline
from edgeverify.vision.dominance import FaceSelection


class _Report(BaseModel):
    model_config = ConfigDict(frozen=True)


class Timing(_Report):
    """Milliseconds of one stage, or of all (`total`)."""

    stage: str
    p50: float
    p95: float
    p99: float
    fastest: float


class SceneTiming(_Report):
    """One scene; `cpu_seconds_per_frame` counts all threads of the process."""

    size: str
    faces: str
    mode: str
    frames: int
    frames_per_second: float
    cpu_seconds_per_frame: float
    stages: tuple[Timing, ...]


class ReferenceCost(_Report):
    """What one comparison with that many references takes, in milliseconds (median)."""

    references: int
    milliseconds: float


class Report(_Report):
    """All that `edgeverify bench` measured."""

    machine: str
    cores: int
    load_average: float
    bundle: str
    back_end: str
    threads: int
    start_seconds: float
    resident_mebibytes: float
    scenes: tuple[SceneTiming, ...]
    references: tuple[ReferenceCost, ...]
    face_recognition: tuple[SceneTiming, ...] = ()


def time_scene(pipeline: Pipeline, scene: Scene, rounds: int) -> SceneTiming:
    """Time whole frames: detect, mesh, quality, align, embed with mirror, compare.

    Gates are off and the largest face is taken, so that every frame with a face runs every stage.
    """
    reference = _random_references(1, pipeline)

    def once() -> Sequence[tuple[str, float]]:
        result = pipeline.probe(scene.rgb, FaceSelection.LARGEST)
        began = time.perf_counter()
        if result.embedding is not None:
            compare_all(result.embedding, reference, threshold=1.0)
        compare = (time.perf_counter() - began) * 1000
        return (*result.stage_milliseconds, ("compare", compare))

    return _timed(once, scene, "counted", rounds)


def time_tracking(pipeline: Pipeline, scene: Scene, rounds: int) -> SceneTiming | None:
    """Time frames before those that count: the face is followed, not detected; None without one."""
    found = pipeline.probe(scene.rgb, FaceSelection.LARGEST)
    if found.face is None:
        return None
    face: Face = found.face
    frame = Frame(rgb=scene.rgb, sequence=0, captured_at=0.0)

    def once() -> Sequence[tuple[str, float]]:
        began = time.perf_counter()
        pipeline.follow(frame, face)
        return (("follow", (time.perf_counter() - began) * 1000),)

    return _timed(once, scene, "tracked", rounds)


def time_face_recognition(scene: Scene, rounds: int) -> SceneTiming | None:
    """Time the same frame through face_recognition (dlib: HOG, upsampled once); None without it."""
    try:
        import face_recognition  # noqa: PLC0415 - only where somebody installed it
    except ImportError:
        return None

    def once() -> Sequence[tuple[str, float]]:
        began = time.perf_counter()
        boxes = face_recognition.face_locations(scene.rgb)
        found = time.perf_counter()
        face_recognition.face_encodings(scene.rgb, boxes)
        return (
            ("detect", (found - began) * 1000),
            ("embed", (time.perf_counter() - found) * 1000),
        )

    return _timed(once, scene, "face_recognition", rounds)


def time_references(
    pipeline: Pipeline, counts: Sequence[int] = (1, 10, 100, 1_000, 10_000, 100_000)
) -> tuple[ReferenceCost, ...]:
    """Time one matrix product over more and more references: cost, not a claim of safety."""
    costs = []
    for count in counts:
        matrix = _random_references(count, pipeline)
        probe = Embedding(values=matrix.values[0], embedding_space=matrix.embedding_space)
        taken = []
        for _ in range(20):
            began = time.perf_counter()
            compare_all(probe, matrix, threshold=2.0)
            taken.append((time.perf_counter() - began) * 1000)
        costs.append(ReferenceCost(references=count, milliseconds=float(np.median(taken))))
    return tuple(costs)


def resident_mebibytes() -> float:
    """Memory of this process now."""
    return float(psutil.Process(os.getpid()).memory_info().rss / 2**20)


def _random_references(count: int, pipeline: Pipeline) -> ReferenceMatrix:
    random = np.random.default_rng(count)
    size = pipeline.embedder.manifest.embedding_size
    values = random.standard_normal((count, size)).astype(np.float32)
    space = pipeline.embedder.embedding_space
    return ReferenceMatrix.of(
        [
            Reference(
                card=str(number),
                name="",
                embedding=Embedding(values=row, embedding_space=space),
                photo_count=1,
            )
            for number, row in enumerate(values)
        ]
    )


def _timed(
    once: Callable[[], Sequence[tuple[str, float]]], scene: Scene, mode: str, rounds: int
) -> SceneTiming:
    for _ in range(3):
        once()
    laps: dict[str, list[float]] = defaultdict(list)
    process = psutil.Process(os.getpid())
    before = process.cpu_times()
    began = time.perf_counter()
    for _ in range(rounds):
        frame_began = time.perf_counter()
        for stage, milliseconds in once():
            laps[stage].append(milliseconds)
        laps["total"].append((time.perf_counter() - frame_began) * 1000)
    wall = time.perf_counter() - began
    after = process.cpu_times()
    return SceneTiming(
        size=scene.size,
        faces=scene.faces,
        mode=mode,
        frames=rounds,
        frames_per_second=rounds / wall,
        cpu_seconds_per_frame=(after.user + after.system - before.user - before.system) / rounds,
        stages=tuple(_timing(stage, values) for stage, values in laps.items()),
    )


def _timing(stage: str, values: Sequence[float]) -> Timing:
    p50, p95, p99 = (float(value) for value in np.percentile(values, (50, 95, 99)))
    return Timing(stage=stage, p50=p50, p95=p95, p99=p99, fastest=float(min(values)))
