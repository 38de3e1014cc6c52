"""A parity report as JSON and as a table."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table

from edgeverify.evaluation.pictures.fonts import give_glyphs
from edgeverify_export.parity.figures import Comparison
from edgeverify_export.parity.run import ParityReport
from edgeverify_export.parity.trial import all_scores, scores
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
    give_glyphs(figure)
    figure.savefig(path, dpi=110)


def as_json(report: ParityReport) -> str:
    """Return everything that was found, for a machine."""
    manifest, trial = report.bundle.manifest, report.trial
    chosen, feeding = report.threshold, report.feeding
    return json.dumps(
        {
            "bundle": manifest.name,
            "embedding_space": manifest.embedding_space,
            "baseline": f"{report.baseline.name} {report.baseline.precision}",
            "images": trial.images,
            "faces": len(trial.faces),
            "listed_pairs": trial.listed_pairs,
            "pairs": len(trial.probes),
            "threshold": None if chosen is None else asdict(chosen),
            "compared": [
                {
                    **asdict(one),
                    "flipped_share": one.flipped_share,
                    "too_few_pairs": one.too_few_pairs,
                }
                for one in report.comparisons
            ],
            "not_run": [asdict(one) for one in report.not_run],
            "feeding": None
            if feeding is None
            else {
                "stated_separation": feeding.stated,
                "pairs": feeding.pairs,
                "alternatives": [asdict(one) for one in feeding.alternatives],
                "clearly_better": [one.words for one in feeding.better],
            },
            "feeding_verified": is_feeding_verified(report),
            "failures": list(report.failures),
            "passed": not report.failures,
            **(
                {"parts": [json.loads(as_json(one)) for one in report.parts]}
                if report.parts
                else {}
            ),
        },
        indent=1,
    )


def is_feeding_verified(report: ParityReport) -> bool:
    """Return whether real pairs were tried and no other way of feeding was clearly better.

    A fusion's networks are each fed in their own way, so each must have been.
    """
    if report.parts:
        return all(is_feeding_verified(one) for one in report.parts)
    return report.feeding is not None and not report.feeding.better


def print_table(report: ParityReport, console: Console | None = None) -> None:
    """Print what a person wants to see."""
    console = console or Console()
    table = Table(title=f"{report.bundle.manifest.name}: parity with {report.baseline.name}")
    for heading in ("form", "cosine min", "mean", "score off by", "flipped", "NaN", "extremes"):
        table.add_column(heading, justify="left" if heading == "form" else "right")
    for one in report.comparisons:
        flips = "not run" if one.flipped is None else f"{one.flipped} of {one.pairs}"
        if one.within_rounding:
            flips += f" ({one.within_rounding} within rounding)"
        table.add_row(
            f"{one.name} {one.precision}",
            f"{one.min_cosine:.6f}",
            f"{one.mean_cosine:.6f}",
            f"{one.max_score_difference:.5f}",
            flips,
            str(one.nan_count),
            _extremes(one),
        )
    console.print(table)
    for one in report.comparisons:
        told = one.too_few_pairs
        if told is not None:
            console.print(f"{one.name} {one.precision}: {told}", highlight=False)
    for missing in report.not_run:
        console.print(f"not run: {missing.name}: {missing.reason}", highlight=False)
    trial = report.trial
    console.print(
        f"{len(trial.faces)} faces in {trial.images} images, "
        f"{len(trial.probes)} of {trial.listed_pairs} pairs",
        highlight=False,
    )
    if report.threshold is not None:
        chosen = report.threshold
        console.print(f"threshold {chosen.value:.4f}: {chosen.source}", highlight=False)
    _print_feeding(report, console)


def _extremes(one: Comparison) -> str:
    flipped = "" if one.extremes_flipped is None else f", {one.extremes_flipped} flipped"
    return f"{one.extremes_min_cosine:.5f}{flipped}"


def _print_feeding(report: ParityReport, console: Console) -> None:
    feeding = report.feeding
    if report.parts:
        return
    if feeding is None:
        console.print("feeding not verified: that takes --pairs with 20 of each kind")
        return
    table = Table(title=f"other ways of feeding, {feeding.pairs} pairs")
    for heading in ("way", "separation d'", "better in"):
        table.add_column(heading, justify="left" if heading == "way" else "right")
    table.add_row("as stated", f"{feeding.stated:.2f}", "")
    for one in feeding.alternatives:
        table.add_row(one.words, f"{one.separation:.2f}", f"{one.better_share:.0%}")
    console.print(table)


def write_report(report: ParityReport, folder: Path) -> tuple[Path, Path]:
    """Write `parity.json` and `parity.png`; give their paths."""
    from edgeverify_export.parity.report import draw  # noqa: PLC0415 - matplotlib

    folder.mkdir(parents=True, exist_ok=True)
    words, picture = folder / "parity.json", folder / "parity.png"
    words.write_text(as_json(report) + "\n", "utf-8", "backslashreplace")
    draw(report, picture)
    return words, picture
