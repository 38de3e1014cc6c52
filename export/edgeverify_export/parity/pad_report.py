"""Parity of a PAD bundle as JSON, as a table, as a picture, and in the bundle's manifest."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from edgeverify.evaluation.pictures.fonts import give_glyphs
from edgeverify_export.assemble import is_signed
from edgeverify_export.pad_half import pad_recipe_of, rewrite_pad
from edgeverify_export.parity.pad_figures import live_probabilities
from edgeverify_export.parity.pad_run import PadParityReport

_FLOOR = 1e-9


def as_json(report: PadParityReport) -> str:
    """Return everything that was found, for a machine."""
    chosen = report.threshold
    return json.dumps(
        {
            "bundle": report.bundle.manifest.name,
            "embedding_space": report.bundle.manifest.embedding_space,
            "baseline": f"{report.baseline.name} {report.baseline.precision}",
            "images": report.trial.images,
            "faces": len(report.trial.faces[0]),
            "threshold": None if chosen is None else asdict(chosen),
            "compared": [
                {
                    **asdict(one),
                    "flipped_share": one.flipped_share,
                    "too_few_faces": one.too_few_faces,
                }
                for one in report.comparisons
            ],
            "not_run": [asdict(one) for one in report.not_run],
            "failures": list(report.failures),
            "passed": not report.failures,
        },
        indent=1,
    )


def print_table(report: PadParityReport, console: Console | None = None) -> None:
    """Print what a person wants to see."""
    console = console or Console()
    table = Table(title=f"{report.bundle.manifest.name}: parity with {report.baseline.name}")
    for heading in ("form", "cosine min", "P(live) off by", "flipped", "NaN", "extremes"):
        table.add_column(heading, justify="left" if heading == "form" else "right")
    for one in report.comparisons:
        flips = "not run" if one.flipped is None else f"{one.flipped} of {one.faces}"
        if one.within_rounding:
            flips += f" ({one.within_rounding} within rounding)"
        table.add_row(
            f"{one.name} {one.precision}",
            f"{one.min_cosine:.6f}",
            f"{one.max_live_difference:.5f}",
            flips,
            str(one.nan_count),
            f"{one.extremes_live_difference:.5f}",
        )
    console.print(table)
    for one in report.comparisons:
        if one.too_few_faces is not None:
            console.print(f"{one.name} {one.precision}: {one.too_few_faces}", highlight=False)
    for missing in report.not_run:
        console.print(f"not run: {missing.name}: {missing.reason}", highlight=False)
    faces, images = len(report.trial.faces[0]), report.trial.images
    console.print(f"{faces} faces in {images} images", highlight=False)
    if report.threshold is not None:
        chosen = report.threshold
        console.print(f"threshold {chosen.value:.4f}: {chosen.source}", highlight=False)


def write_report(report: PadParityReport, folder: Path) -> tuple[Path, Path]:
    """Write `parity.json` and `parity.png`; give their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    words, picture = folder / "parity.json", folder / "parity.png"
    words.write_text(as_json(report) + "\n", "utf-8", "backslashreplace")
    _draw(report, picture)
    return words, picture


def record(report: PadParityReport) -> str:
    """Record the figures of a run that passed; say what was done.

    Those of ONNX Runtime on the CPU, FP16. A signed bundle is left as it is.
    """
    bundle = report.bundle
    if is_signed(bundle):
        return "not recorded: the bundle is signed; run parity before signing"
    parity = tuple(
        one.as_manifest()
        for one in report.comparisons
        if one.name == "onnxruntime-cpu" and one.precision != "fp32"
    )
    manifest = bundle.manifest
    if parity == manifest.parity:
        return "the bundle already says so"
    files = [f for n in manifest.networks for f in (n.file, n.half_file) if f is not None]
    models = {file: bundle.read(manifest, file) for file in files}
    rewrite_pad(bundle, replace(pad_recipe_of(manifest), parity=parity), models)
    return "recorded in the bundle's manifest"


def _draw(report: PadParityReport, path: Path) -> None:
    """Return P(live) of each form against the baseline's, and how far off, per face."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - a second
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(11, 4.6), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    live = report.bundle.manifest.live_index
    base = live_probabilities(report.baseline.values, live)
    for other in report.answers[1:]:
        found = live_probabilities(other.values, live)
        label = f"{other.name} {other.precision}"
        off = np.sort(np.maximum(np.abs(found - base), _FLOOR))
        left.plot(off, np.linspace(0, 1, len(off)), label=label)
        right.plot(base, found, ".", markersize=3, label=label)
    left.set_xscale("log")
    left.set_xlabel("P(live) off by, per face")
    left.set_ylabel("share of faces")
    right.set_xlabel(f"P(live), {report.baseline.name} {report.baseline.precision}")
    right.set_ylabel("P(live), other form")
    for axes in (left, right):
        axes.grid(visible=True, alpha=0.3)
        if axes.get_legend_handles_labels()[0]:
            axes.legend(fontsize="small")
    verdict = "passed" if not report.failures else "FAILED"
    faces = len(report.trial.faces[0])
    figure.suptitle(f"{report.bundle.manifest.name}: parity {verdict}, {faces} faces")
    give_glyphs(figure)
    figure.savefig(path, dpi=110)
