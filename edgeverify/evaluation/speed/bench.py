"""How fast the pipeline is here: every stage, every frame size, and what it costs.

`page` writes what was measured as a Markdown page.
"""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import psutil
from pydantic import BaseModel, ConfigDict

from edgeverify.comparison import ReferenceMatrix, compare_all, normalised
from edgeverify.domain import Embedding, Face, Frame, RgbImage
from edgeverify.evaluation.speed.scenes import Scene
from edgeverify.verifier.pipeline import Pipeline
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

    @property
    def total(self) -> Timing:
        """The whole frame."""
        return next(timing for timing in self.stages if timing.stage == "total")


class ReferenceCost(_Report):
    """What one comparison with that many references takes, in milliseconds (median)."""

    references: int
    milliseconds: float


class Run(_Report):
    """One back end with this many threads; `start_seconds` is bundle to first frame."""

    back_end: str
    threads: int
    vision_threads: int
    start_seconds: float
    scenes: tuple[SceneTiming, ...]


class Report(_Report):
    """All that `edgeverify bench` measured; memory is after the first run."""

    machine: str
    cores: int
    load_before: float
    load_after: float
    bundle: str
    resident_mebibytes: float
    runs: tuple[Run, ...]
    left_out: tuple[str, ...]
    references: tuple[ReferenceCost, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """At most this many frames and about this many seconds per scene, but at least 3 frames."""

    frames: int = 60
    seconds: float = 10.0


def time_scene(pipeline: Pipeline, scene: Scene, budget: Budget) -> SceneTiming:
    """Time whole frames: detect, mesh, quality, align, embed with mirror, compare.

    Gates are off and the largest face is taken, so that every frame with a face runs every stage.
    """
    reference = random_references(1, pipeline)

    def once(rgb: RgbImage) -> Sequence[tuple[str, float]]:
        result = pipeline.probe(rgb, FaceSelection.LARGEST)
        began = time.perf_counter()
        if result.embedding is not None:
            compare_all(result.embedding, reference, threshold=1.0)
        compare = (time.perf_counter() - began) * 1000
        return (*result.stage_milliseconds, ("compare", compare))

    return timed(once, scene, "counted", budget)


def time_tracking(pipeline: Pipeline, scene: Scene, budget: Budget) -> SceneTiming | None:
    """Time frames before those that count: the face is followed, not detected.

    None where there is no face, and for videos, whose frames here are seconds apart.
    """
    found = pipeline.probe(scene.rgb, FaceSelection.LARGEST)
    if found.face is None or len(scene.frames) > 1:
        return None
    face: Face = found.face

    def once(rgb: RgbImage) -> Sequence[tuple[str, float]]:
        began = time.perf_counter()
        pipeline.follow(Frame(rgb=rgb, sequence=0, captured_at=0.0), face)
        return (("follow", (time.perf_counter() - began) * 1000),)

    return timed(once, scene, "tracked", budget)


def time_references(
    pipeline: Pipeline, counts: Sequence[int] = (1, 10, 100, 1_000, 10_000, 100_000)
) -> tuple[ReferenceCost, ...]:
    """Time one matrix product over more and more references: cost, not a claim of safety."""
    costs = []
    for count in counts:
        matrix = random_references(count, pipeline)
        probe = Embedding(values=matrix.values[0], embedding_space=matrix.embedding_space)
        taken = []
        for _ in range(20):
            began = time.perf_counter()
            compare_all(probe, matrix, threshold=2.0)
            taken.append((time.perf_counter() - began) * 1000)
        costs.append(ReferenceCost(references=count, milliseconds=float(np.median(taken))))
    return tuple(costs)


def resident_mebibytes() -> float:
    """Return the memory of this process now."""
    return float(psutil.Process(os.getpid()).memory_info().rss / 2**20)


def random_references(count: int, pipeline: Pipeline) -> ReferenceMatrix:
    """Make references of nobody, the same every time."""
    embedder = pipeline.embedder
    values = np.random.default_rng(count).standard_normal((count, embedder.embedding_size))
    return ReferenceMatrix(
        cards=tuple(map(str, range(count))),
        values=normalised(values.astype(np.float32)),
        embedding_space=embedder.embedding_space,
        metric=embedder.metric,
    )


def timed(
    once: Callable[[RgbImage], Sequence[tuple[str, float]]],
    scene: Scene,
    mode: str,
    budget: Budget,
) -> SceneTiming:
    """Run `once` over the scene's frames, which gives stages and their milliseconds."""
    for _ in range(2):
        once(scene.rgb)
    laps: dict[str, list[float]] = defaultdict(list)
    process = psutil.Process(os.getpid())
    before = process.cpu_times()
    began = time.perf_counter()
    for frame in range(max(3, budget.frames)):
        if frame >= 3 and time.perf_counter() - began > budget.seconds:
            break
        rgb = scene.frames[frame % len(scene.frames)]
        frame_began = time.perf_counter()
        for stage, milliseconds in once(rgb):
            laps[stage].append(milliseconds)
        laps["total"].append((time.perf_counter() - frame_began) * 1000)
    wall = time.perf_counter() - began
    after = process.cpu_times()
    frames = len(laps["total"])
    return SceneTiming(
        size=scene.size,
        faces=scene.faces,
        mode=mode,
        frames=frames,
        frames_per_second=frames / wall,
        cpu_seconds_per_frame=(after.user + after.system - before.user - before.system) / frames,
        stages=tuple(_timing(stage, values) for stage, values in laps.items()),
    )


def _timing(stage: str, values: Sequence[float]) -> Timing:
    p50, p95, p99 = (float(value) for value in np.percentile(values, (50, 95, 99)))
    return Timing(stage=stage, p50=p50, p95=p95, p99=p99, fastest=float(min(values)))


def page(report: Report, command: str) -> str:
    """Write everything as Markdown; `command` is what was typed."""
    return "\n".join(_lines(report, command)) + "\n"


def _lines(report: Report, command: str) -> Iterator[str]:
    yield f"# `edgeverify bench`, {report.bundle}"
    yield ""
    yield f"    {command}"
    yield ""
    yield (
        f"{report.machine}, {report.cores} cores, load {report.load_before:.1f} before and "
        f"{report.load_after:.1f} after; resident {report.resident_mebibytes:.0f} MiB, with every "
        "frame in memory."
    )
    yield "Counted: the whole frame, detection to comparison. Tracked: the face is followed from"
    yield "the frame before; such a frame never counts. Milliseconds."
    for run in report.runs:
        yield ""
        yield from _run(run)
    if report.references:
        yield ""
        yield "One probe against this many references (one matrix product; a cost, no claim that"
        yield "walk-up is safe there), median milliseconds:"
        yield ""
        yield _row(f"{cost.references:,}" for cost in report.references)
        yield _row("---" for _ in report.references)
        yield _row(f"{cost.milliseconds:.3f}" for cost in report.references)
    for line in report.left_out:
        yield ""
        yield f"Left out: {line}"


def _run(run: Run) -> Iterator[str]:
    yield (
        f"## {run.back_end}, network {run.threads} threads, face finder {run.vision_threads}; "
        f"bundle to first frame {run.start_seconds:.2f} s"
    )
    yield ""
    heads = ("frame", "faces", "mode", "frames", "p50", "p95", "p99", "fps", "CPU s", "stages p50")
    yield _row(heads)
    yield _row("---" for _ in heads)
    for scene in run.scenes:
        yield _row(_scene(scene))


def _scene(scene: SceneTiming) -> Iterator[str]:
    total = scene.total
    yield from (scene.size, scene.faces, scene.mode, str(scene.frames))
    yield from (f"{value:.1f}" for value in (total.p50, total.p95, total.p99))
    yield f"{scene.frames_per_second:.0f}"
    yield f"{scene.cpu_seconds_per_frame:.4f}"
    yield ", ".join(f"{each.stage} {each.p50:.1f}" for each in scene.stages if each is not total)


def _row(cells: Iterator[str] | tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"
