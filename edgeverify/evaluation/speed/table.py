"""What `edgeverify bench` measured, as a Markdown page."""

from __future__ import annotations

from collections.abc import Iterator

from edgeverify.evaluation.speed.bench import Report, Run, SceneTiming


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
