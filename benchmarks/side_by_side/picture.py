"""The run as a picture: time by frame size, and cost by references, frame size and faces."""

from __future__ import annotations

import math
from pathlib import Path

from matplotlib.figure import Figure

from benchmarks.side_by_side.report import Report


def plot(path: Path, report: Report) -> None:
    """Draw median times of every scene, one bar per contestant; log, so that all can be seen."""
    figure = Figure(figsize=(13, 8), layout="constrained")
    panels = figure.subplots(2, 2).ravel()
    scenes = sorted(
        {row.scene for row in report.results},
        key=lambda name: (name != "one", name != "many", name),
    )
    names = sorted({row.contestant for row in report.results})
    for panel, scene in zip(panels, scenes, strict=False):
        rows = [row for row in report.results if row.scene == scene]
        sizes = sorted({row.size for row in rows}, key=lambda size: int(size.split("x")[0]))
        for number, name in enumerate(names):
            values = [
                next((r.p50 for r in rows if (r.size, r.contestant) == (size, name)), math.nan)
                for size in sizes
            ]
            places = [
                index + (number - len(names) / 2) * 0.85 / len(names) for index in range(len(sizes))
            ]
            bars = panel.bar(places, values, width=0.85 / len(names), label=name, align="edge")
            panel.bar_label(bars, fmt="%.1f", fontsize=6)
        panel.set_yscale("log")
        panel.set_ylim(1, 10_000)
        panel.set_xticks(range(len(sizes)), sizes)
        panel.set_ylabel("milliseconds per frame, median (log)")
        panel.set_title({"one": "one face", "many": "four faces"}.get(scene, scene), fontsize=10)
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    figure.suptitle(
        f"{report.machine}, {report.cores} cores, load {report.load_before:.1f} to "
        f"{report.load_after:.1f}"
    )
    figure.savefig(str(path), dpi=100)
