"""What `edgeverify bench` measured, as a picture: stages, and cost growing with the work."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from edgeverify.evaluation.speed.bench import Report, Run, SceneTiming

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def bench_picture(report: Report) -> bytes:
    """Draw the first run (the door's threads) and the references, as a PNG."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - slow to load

    figure = Figure(figsize=(13, 9), layout="constrained")
    panels = figure.subplots(2, 2).ravel()
    run = report.runs[0]
    counted = [scene for scene in run.scenes if scene.mode == "counted"]
    _stages(panels[0], counted)
    _sizes(panels[1], run)
    _faces(panels[2], counted)
    _references(panels[3], report)
    figure.suptitle(
        f"{report.bundle}, {run.back_end}, {run.threads} threads; {report.machine}, {report.cores} "
        f"cores, load {report.load_before:.1f} to {report.load_after:.1f}"
    )
    target = io.BytesIO()
    figure.savefig(target, format="png", dpi=100)
    return target.getvalue()


def _stages(panel: Axes, scenes: list[SceneTiming]) -> None:
    fullest = max(scenes, key=lambda scene: len(scene.stages))
    names = [each.stage for each in fullest.stages if each.stage != "total"]
    places = np.arange(len(scenes))
    left = np.zeros(len(scenes))
    for name in names:
        known = [{each.stage: each.p50 for each in scene.stages} for scene in scenes]
        values = np.array([stages.get(name, 0.0) for stages in known])
        panel.barh(places, values, left=left, label=name)
        left += values
    panel.plot([scene.total.p95 for scene in scenes], places, "k|", markersize=9, label="p95, all")
    panel.set_yticks(places, [f"{scene.size} {scene.faces}"[:34] for scene in scenes], fontsize=7)
    panel.invert_yaxis()
    panel.set_xlabel("milliseconds of a counted frame, median by stage")
    panel.legend(fontsize=7)
    panel.set_title("stages", fontsize=10)


def _sizes(panel: Axes, run: Run) -> None:
    for faces, mode in (("none", "counted"), ("one", "counted"), ("one", "tracked")):
        chosen = [scene for scene in run.scenes if (scene.faces, scene.mode) == (faces, mode)]
        chosen.sort(key=lambda scene: _pixels(scene.size))
        pixels = [_pixels(scene.size) / 1e6 for scene in chosen]
        (line,) = panel.plot(
            pixels, [scene.total.p50 for scene in chosen], "o-", label=f"{faces} in view, {mode}"
        )
        panel.plot(pixels, [scene.total.p95 for scene in chosen], ":", color=line.get_color())
    panel.set_xlabel("megapixels of the frame")
    panel.set_ylabel("milliseconds")
    panel.set_ylim(bottom=0)
    panel.legend(fontsize=7)
    panel.set_title("frame size (median; dotted: p95)", fontsize=10)


def _faces(panel: Axes, scenes: list[SceneTiming]) -> None:
    counts = {"none": 0, "one": 1, "many": 4, "nine": 9}
    for size in dict.fromkeys(scene.size for scene in scenes if scene.faces in counts):
        chosen = [scene for scene in scenes if scene.size == size and scene.faces in counts]
        chosen.sort(key=lambda scene: counts[scene.faces])
        panel.plot(
            [counts[scene.faces] for scene in chosen],
            [scene.total.p50 for scene in chosen],
            "o-",
            label=size,
        )
    panel.set_xlabel("faces in view (one of them is meshed and compared)")
    panel.set_ylabel("milliseconds, median")
    panel.set_ylim(bottom=0)
    panel.legend(fontsize=7)
    panel.set_title("faces in view", fontsize=10)


def _references(panel: Axes, report: Report) -> None:
    panel.loglog(
        [cost.references for cost in report.references],
        [cost.milliseconds for cost in report.references],
        "o-",
    )
    panel.set_xlabel("references compared with (a cost, not a claim that it is safe)")
    panel.set_ylabel("milliseconds, median")
    panel.grid(visible=True, which="both", alpha=0.3)
    panel.set_title("one probe against many references", fontsize=10)


def _pixels(size: str) -> int:
    width, _, height = size.partition("x")
    return int(width) * int(height)
