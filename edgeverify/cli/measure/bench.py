"""`edgeverify bench`: how fast the pipeline is on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeverify.cli.console import complain, plain_errors, say
from edgeverify.cli.extras import needs_extra
from edgeverify.cli.native_libraries import one_thread_for_matrices

if TYPE_CHECKING:
    from edgeverify.bundle.fusion import EmbedderBundle
    from edgeverify.domain import RgbImage
    from edgeverify.evaluation.speed.bench import Budget, Report, Run, SceneTiming
    from edgeverify.evaluation.speed.scenes import Scene
    from edgeverify.settings import ModelSettings
    from edgeverify.verifier.pipeline import Pipeline


@plain_errors
@needs_extra("evaluate")
def bench(  # noqa: PLR0913 - one argument per option
    *,
    photo: Annotated[
        Path | None,
        typer.Option(help="A photo of one face; else one of face_recognition's is fetched."),
    ] = None,
    video: Annotated[
        list[Path] | None,
        typer.Option(help="Also real videos, 30 frames of each; may be given several times."),
    ] = None,
    model: Annotated[str, typer.Option(help="Bundle: a name or a folder.")] = "sface",
    size: Annotated[
        list[str] | None,
        typer.Option(help="Frame size such as 1280x720; repeatable."),
    ] = None,
    threads: Annotated[
        list[int] | None,
        typer.Option(
            min=1, max=64, help="The network's; without it 1, and one per core (up to 4)."
        ),
    ] = None,
    vision_threads: Annotated[
        int, typer.Option(min=1, max=64, help="Threads that find a face; the door uses 1.")
    ] = 1,
    rounds: Annotated[int, typer.Option(min=3, max=100_000, help="Frames per scene.")] = 60,
    seconds: Annotated[
        float,
        typer.Option(
            min=0.1, help="Stop a scene after this many seconds, however few frames it had."
        ),
    ] = 10.0,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
    out: Annotated[
        Path | None,
        typer.Option(help="Also write bench-MODEL.json, .md (p50, p95, p99) and .png here."),
    ] = None,
) -> None:
    """Time every stage of the pipeline: three frame sizes, nobody, one face, four; every back end.

    Prints milliseconds (p50, p95, p99), frames per second, CPU seconds per frame, memory and
    start-up, each scene as soon as it is measured, for counted and tracked frames. See also
    `python -m benchmarks.side_by_side`.

    Example: edgeverify bench --size 1280x720 --threads 2 --model mobilefacenet --json > bench.json
    """
    import os

    one_thread_for_matrices(os.environ)
    from edgeverify.errors import EvaluationError
    from edgeverify.evaluation.speed.bench import Budget
    from edgeverify.evaluation.speed.scenes import SIZES, crowd, scenes, video_scene

    if out is not None and not out.is_dir():
        raise EvaluationError(f"--out {out}: there is no such folder")
    sizes = [_size(text) for text in size] if size else SIZES
    shown = _read(photo)
    looked_at = [*scenes(shown, sizes), crowd(shown, sizes[len(sizes) // 2])]
    looked_at += [video_scene(path) for path in video or ()]
    report = _measure(
        model, looked_at, (threads, vision_threads), Budget(frames=rounds, seconds=seconds)
    )
    if json:
        say(report.model_dump_json(indent=2))
    else:
        _show(report)
    if out is not None:
        _keep(out, report)


def _keep(folder: Path, report: Report) -> None:
    import shlex
    import sys

    from edgeverify.errors import EvaluationError
    from edgeverify.evaluation.pictures.bench import bench_picture
    from edgeverify.evaluation.speed.bench import page

    command = shlex.join(["edgeverify", *sys.argv[1:]])
    made = {
        "json": (report.model_dump_json(indent=1) + "\n").encode(),
        "md": page(report, command).encode(),
        "png": bench_picture(report),
    }
    for kind, content in made.items():
        path = folder / f"bench-{report.bundle}.{kind}"
        try:
            path.write_bytes(content)
        except OSError as error:
            raise EvaluationError(f"{path} cannot be written: {error.strerror}") from None
        complain(f"wrote {path}")


def _measure(
    model: str, looked_at: list[Scene], threads: tuple[list[int] | None, int], budget: Budget
) -> Report:
    import os
    import platform

    from edgeverify.bundle.fusion import load_embedder
    from edgeverify.bundle.vision_bundle import NAME as VISION
    from edgeverify.errors import RuntimeUnavailableError
    from edgeverify.evaluation.speed import bench as stages
    from edgeverify.models.build import ensure_bundle, resolve_bundle
    from edgeverify.models.folders import models_directory
    from edgeverify.progress import download_bar
    from edgeverify.settings import ModelSettings

    cores = len(os.sched_getaffinity(0))
    before = os.getloadavg()[0]
    models = models_directory(os.environ)
    with download_bar() as progress:
        place = resolve_bundle(model, models, folder=Path.cwd(), progress=progress)
        bundle = load_embedder(place)
        ensure_bundle(VISION, models, progress=progress)
    runs: list[Run] = []
    left_out: list[str] = []
    costs: tuple[stages.ReferenceCost, ...] = ()
    resident = 0.0
    for back_end in ("onnxruntime-cpu", "onnxruntime-cuda", "tensorrt"):
        for count in threads[0] or sorted({1, min(cores, 4)}, reverse=True):
            settings = ModelSettings.model_validate({"runtime": back_end, "threads": count})
            try:
                with _opened(bundle, settings, threads[1], looked_at[0]) as (pipeline, start):
                    timed = tuple(_scenes(pipeline, looked_at, budget, f"{back_end}, {count}"))
                    resident = resident or stages.resident_mebibytes()
                    costs = costs or stages.time_references(pipeline)
            except RuntimeUnavailableError as error:
                left_out.append(f"{back_end}: {error.problem}")
                break
            runs.append(
                stages.Run(
                    back_end=back_end,
                    threads=count,
                    vision_threads=threads[1],
                    start_seconds=start,
                    scenes=timed,
                )
            )
    return stages.Report(
        machine=f"{platform.machine()} {platform.system()}",
        cores=cores,
        load_before=before,
        load_after=os.getloadavg()[0],
        bundle=bundle.name,
        resident_mebibytes=resident,
        runs=tuple(runs),
        left_out=tuple(left_out),
        references=costs,
    )


@contextmanager
def _opened(
    bundle: EmbedderBundle, settings: ModelSettings, vision_threads: int, first: Scene
) -> Iterator[tuple[Pipeline, float]]:
    """Open a pipeline that has seen a frame, and the seconds that took."""
    import os
    import time
    from contextlib import ExitStack, closing

    from edgeverify.models.folders import models_directory
    from edgeverify.runtime.open_session import open_sessions
    from edgeverify.settings import QualitySettings, VisionSettings
    from edgeverify.verifier.pipeline import open_face_finder, open_pipeline
    from edgeverify.vision.embedder import embedder_of

    began = time.perf_counter()
    vision = VisionSettings()
    with ExitStack() as stack:
        sessions = open_sessions(bundle.parts, settings).sessions
        for session in sessions:
            stack.enter_context(closing(session))
        pipeline = open_pipeline(
            embedder_of(bundle, sessions),
            open_face_finder(models_directory(os.environ), vision, threads=vision_threads),
            quality=QualitySettings(),
            vision=vision,
        )
        stack.enter_context(closing(pipeline))
        pipeline.probe(first.rgb)
        yield pipeline, time.perf_counter() - began


def _scenes(
    pipeline: Pipeline, looked_at: list[Scene], budget: Budget, name: str
) -> Iterator[SceneTiming]:
    """Time every scene and tell it at once on standard error."""
    from edgeverify.evaluation.speed.bench import time_scene, time_tracking

    for number, scene in enumerate(looked_at, start=1):
        for measure in (time_scene, time_tracking):
            timing = measure(pipeline, scene, budget)
            if timing is None:
                continue
            total = timing.total
            complain(
                f"{number}/{len(looked_at)} {name} threads: {scene.size} {scene.faces} "
                f"{timing.mode} p50 {total.p50:.1f} p95 {total.p95:.1f} ms ({timing.frames} frames)"
            )
            yield timing


def _size(text: str) -> tuple[int, int]:
    from edgeverify.errors import EvaluationError

    width, _, height = text.partition("x")
    if not (width.isdecimal() and height.isdecimal() and int(width) > 0 and int(height) > 0):
        raise EvaluationError(f"--size {text}: write it as 1280x720")
    return int(width), int(height)


def _read(photo: Path | None) -> RgbImage:
    import os

    import cv2
    import numpy as np

    from edgeverify.errors import ImageError
    from edgeverify.models.folders import cache_directory
    from edgeverify.models.photos import photos

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

    console = Console(width=None if Console().is_terminal else 150)
    for run in report.runs:
        threads = f"network {run.threads}, face finder {run.vision_threads}"
        table = Table(title=f"{report.bundle} on {run.back_end}, threads: {threads}")
        for name in ("frame", "faces", "mode"):
            table.add_column(name)
        for name in ("p50 ms", "p95 ms", "p99 ms", "fps", "CPU s"):
            table.add_column(name, justify="right")
        table.add_column("stages, p50 ms")
        for scene in run.scenes:
            table.add_row(*_row(scene))
        console.print(table)
        say(f"bundle to first frame {run.start_seconds:.2f} s")
    costs = ", ".join(f"{cost.references}: {cost.milliseconds:.2f}" for cost in report.references)
    say(f"compare with this many references, ms: {costs}")
    say(
        f"resident {report.resident_mebibytes:.0f} MiB, {report.machine}, {report.cores} cores, "
        f"load {report.load_before:.1f} before and {report.load_after:.1f} after"
    )
    for line in report.left_out:
        say(f"left out: {line}")


def _row(scene: SceneTiming) -> tuple[str, ...]:
    total = scene.total
    parts = ", ".join(
        f"{stage.stage} {stage.p50:.1f}" for stage in scene.stages if stage.stage != "total"
    )
    return (
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
