"""`edgeverify bench`: how fast the pipeline is on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeverify.cli.console import complain, plain_errors, say

if TYPE_CHECKING:
    from edgeverify.domain import RgbImage
    from edgeverify.evaluation.bench import Report, SceneTiming


@plain_errors
def bench(
    *,
    photo: Annotated[
        Path | None,
        typer.Option(help="A photo of one face; else one of face_recognition's is fetched."),
    ] = None,
    model: Annotated[str, typer.Option(help="Bundle: a name or a folder.")] = "dlib-resnet",
    rounds: Annotated[int, typer.Option(min=5, max=100_000, help="Frames a scene.")] = 60,
    threads: Annotated[int, typer.Option(min=0, max=64, help="0: as many as cores.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Everything, for machines.")] = False,
) -> None:
    """Time every stage of the pipeline at three frame sizes: nobody, one face, four.

    Prints milliseconds (p50, p95, p99), frames per second, CPU seconds a frame, memory and
    start-up, and the same frames through face_recognition (dlib) where that is installed.

    Example: edgeverify bench --photo me.jpg --model mobilefacenet --json > bench.json
    """
    report = _measure(photo, model, rounds, threads)
    if json:
        say(report.model_dump_json(indent=2))
    else:
        _show(report)


def _measure(photo: Path | None, model: str, rounds: int, threads: int) -> Report:
    import os
    import platform
    import time

    from rich.console import Console
    from rich.progress import track

    from edgeverify.domain import OperatingPoint
    from edgeverify.evaluation import bench as stages
    from edgeverify.evaluation.bench_scenes import scenes
    from edgeverify.models.build import resolve_bundle
    from edgeverify.models.folders import models_directory
    from edgeverify.pipeline import open_pipeline
    from edgeverify.runtime.bundle import load_bundle
    from edgeverify.runtime.open_session import open_session
    from edgeverify.settings import (
        ModelSettings,
        QualitySettings,
        VisionSettings,
    )

    cores = len(os.sched_getaffinity(0))
    threads = threads or min(cores, 4)
    made = scenes(_read(photo))
    folder = resolve_bundle(model, models_directory(os.environ))
    began = time.perf_counter()
    bundle = load_bundle(folder)
    opened = open_session(bundle, ModelSettings(threads=threads))
    pipeline = open_pipeline(
        bundle,
        opened.session,
        quality=QualitySettings(),
        vision=VisionSettings(),
        point=OperatingPoint(threshold=1.0, max_fmr=None, evidence="bench"),
        threads=threads,
    )
    pipeline.probe(made[1].rgb)
    start = time.perf_counter() - began
    console = Console(stderr=True)
    timed: list[SceneTiming] = []
    rivals: list[SceneTiming] = []
    for scene in track(made, description="timing", console=console):
        timed.append(stages.time_scene(pipeline, scene, rounds))
        tracked = stages.time_tracking(pipeline, scene, rounds)
        if tracked is not None:
            timed.append(tracked)
    resident = stages.resident_mebibytes()
    costs = stages.time_references(pipeline)
    for scene in track(made, description="face_recognition", console=console):
        rival = stages.time_face_recognition(scene, max(5, rounds // 10))
        if rival is not None:
            rivals.append(rival)
    pipeline.close()
    return stages.Report(
        machine=f"{platform.machine()} {platform.system()}",
        cores=cores,
        load_average=os.getloadavg()[0],
        bundle=bundle.manifest.name,
        back_end=opened.session.name,
        threads=threads,
        start_seconds=start,
        resident_mebibytes=resident,
        scenes=tuple(timed),
        references=costs,
        face_recognition=tuple(rivals),
    )


def _read(photo: Path | None) -> RgbImage:
    import os

    import cv2
    import numpy as np

    from edgeverify.errors import ImageError
    from edgeverify.models.folders import cache_directory
    from edgeverify.models.sources import photos

    if photo is None:
        complain("fetching a photo of one face (face_recognition's source archive) ...")
        photo = photos(cache_directory(os.environ))["obama.jpg"]
    picture = cv2.imread(str(photo), cv2.IMREAD_COLOR)
    if picture is None:
        raise ImageError(f"cannot read {photo} as a picture", advice="Give a JPEG or PNG photo.")
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def _show(report: Report) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"{report.bundle} on {report.back_end}, {report.threads} threads")
    table.add_column("frame")
    table.add_column("faces")
    table.add_column("mode")
    for name in ("p50 ms", "p95 ms", "p99 ms", "fps", "CPU s"):
        table.add_column(name, justify="right")
    table.add_column("stages, p50 ms")
    for scene in (*report.scenes, *report.face_recognition):
        total = next(stage for stage in scene.stages if stage.stage == "total")
        parts = ", ".join(
            f"{stage.stage} {stage.p50:.1f}" for stage in scene.stages if stage.stage != "total"
        )
        table.add_row(
            scene.size,
            scene.faces,
            scene.mode,
            f"{total.p50:.1f}",
            f"{total.p95:.1f}",
            f"{total.p99:.1f}",
            f"{scene.frames_per_second:.0f}",
            f"{scene.cpu_seconds_per_frame:.3f}",
            parts,
        )
    console = Console(width=None if Console().is_terminal else 140)
    console.print(table)
    costs = ", ".join(f"{cost.references}: {cost.milliseconds:.2f}" for cost in report.references)
    say(f"compare with so many references, ms: {costs}")
    say(
        f"start {report.start_seconds:.2f} s, resident {report.resident_mebibytes:.0f} MiB, "
        f"{report.cores} cores, load {report.load_average:.1f}"
    )
    if not report.face_recognition:
        say("face_recognition is not installed, so it is not compared with.")
