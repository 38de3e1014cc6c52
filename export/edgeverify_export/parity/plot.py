"""Parity as a picture: how far each form is off, and which scores moved."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from edgeverify_export.parity.answers import all_scores, scores
from edgeverify_export.parity.run import ParityReport
from edgeverify_export.sessions import cosine_rows

_FLOOR = 1e-9


def draw(report: ParityReport, path: Path) -> None:
    """Write a PNG: left 1 - cosine per face, right score against score per pair."""
    figure = Figure(figsize=(11, 4.6), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    manifest, trial = report.bundle.manifest, report.trial

    def values(
        answers: np.ndarray[tuple[int, ...], np.dtype[np.float32]],
    ) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        if trial.has_pairs:
            return scores(answers, trial, manifest)
        return all_scores(answers, manifest)[:20000]

    base = values(report.baseline.values)
    for other in report.answers[1:]:
        label = f"{other.name} {other.precision}"
        off = np.maximum(1 - cosine_rows(report.baseline.values, other.values), _FLOOR)
        left.plot(np.sort(off), np.linspace(0, 1, len(off)), label=label)
        right.plot(base, values(other.values), ".", markersize=3, label=label)
    left.set_xscale("log")
    left.set_xlabel("1 - cosine to the baseline, per face")
    left.set_ylabel("share of faces")
    right.set_xlabel(f"score, {report.baseline.name} {report.baseline.precision}")
    right.set_ylabel("score, other form")
    if report.threshold is not None:
        right.axvline(report.threshold.value, color="grey", linewidth=0.8, linestyle="--")
        right.axhline(report.threshold.value, color="grey", linewidth=0.8, linestyle="--")
    for axes in (left, right):
        axes.grid(visible=True, alpha=0.3)
        if axes.get_legend_handles_labels()[0]:
            axes.legend(fontsize="small")
    verdict = "passed" if not report.failures else "FAILED"
    figure.suptitle(f"{manifest.name}: parity {verdict}, {len(trial.faces)} faces")
    figure.savefig(path, dpi=110)
