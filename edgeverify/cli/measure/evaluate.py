"""`edgeverify evaluate`: what the door will do, measured on one's own people."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgeverify.cli.console import complain, plain_errors, say
from edgeverify.cli.extras import needs_extra
from edgeverify.cli.measure.evaluate_options import (
    AlignedGiven,
    CacheFolder,
    ConfigGiven,
    FaceChosen,
    GateGiven,
    Threads,
    cache_folder,
    gates_of,
)
from edgeverify.cli.options import AsJson
from edgeverify.cli.overrides import BundleName, settings_with


@plain_errors
@needs_extra("evaluate")
def evaluate(  # noqa: PLR0913 - one argument per option
    data: Annotated[
        Path | None, typer.Argument(help="A folder per person.", show_default=False)
    ] = None,
    *,
    pairs: Annotated[Path | None, typer.Option(help="A pair list in LFW's format.")] = None,
    images: Annotated[Path | None, typer.Option(help="Folder of the images of --pairs.")] = None,
    journal: Annotated[
        Path | None, typer.Option(help="A door's state directory, or its journal: with --labels.")
    ] = None,
    labels: Annotated[
        Path | None, typer.Option(help="CSV: event_id,label (genuine or impostor) [,person].")
    ] = None,
    sequences: Annotated[
        bool, typer.Option("--sequences", help="Judge whole transactions on consecutive frames.")
    ] = False,
    people: Annotated[
        Path | None,
        typer.Option(help="--sequences: table of file,person, for files not in folders."),
    ] = None,
    enrol_frames: Annotated[
        int, typer.Option(min=1, max=50, help="--sequences: frames that make a reference.")
    ] = 3,
    attributes: Annotated[
        Path | None, typer.Option(help="CSV of image (or person) and any columns to break down by.")
    ] = None,
    camera_column: Annotated[
        str,
        typer.Option(
            help="The column of --attributes that names the camera: comparisons before one camera "
            "and across cameras are reported separately."
        ),
    ] = "",
    report_folds: Annotated[str, typer.Option(help="Folds to report on: 3,4.")] = "",
    tune_folds: Annotated[str, typer.Option(help="Folds to choose thresholds on: 1,2.")] = "",
    config: ConfigGiven = None,
    bundle: BundleName = None,
    face: FaceChosen = "dominant",
    aligned: AlignedGiven = False,
    gate: GateGiven = None,
    max_fmr: Annotated[
        float | None, typer.Option(help="False match rate that selects the threshold.")
    ] = None,
    threshold: Annotated[float | None, typer.Option(help="A threshold by hand.")] = None,
    fusion: Annotated[
        str | None, typer.Option(help="--sequences: votes (k of n), or mean (of the last n).")
    ] = None,
    plots: Annotated[
        Path | None, typer.Option(help="Write plots (PNG, SVG) and evaluation.json here.")
    ] = None,
    cache: CacheFolder = None,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Keep no embedding.")] = False,
    threads: Threads = None,
    as_json: AsJson = False,
) -> None:
    """Measure accuracy through the door's own pipeline, with the quality gates off and on.

    Give a folder per person, a pair list, or a journal with labels. Prints FMR, FNMR with 95 %
    intervals over people, EER, AUC, failures to acquire, 1:1 beside 1:N; with --sequences the
    false accepts and rejects of whole transactions. An interrupted run continues where it
    stopped. With --aligned the pictures are finished chips, as the network was trained on.

    Example: edgeverify evaluate staff-photos/ --bundle mobilefacenet --plots out/
    """
    import json

    from edgeverify.evaluation import accuracy
    from edgeverify.evaluation.aligned_chips import require_fitting_chips
    from edgeverify.evaluation.instrument import open_instrument
    from edgeverify.progress import counted_bar

    sources = accuracy.sources(
        data=data, pairs=pairs, images=images, journal=journal, labels=labels
    )
    accuracy.require_whole_pictures(
        aligned=aligned, sequences=sequences, journal=journal is not None, gates=bool(gate)
    )
    settings, folder = settings_with(
        config,
        bundle=bundle,
        gates=gates_of(gate),
        max_fmr=max_fmr,
        threshold=threshold,
        fusion=fusion,
        threads=threads,
    )
    report: accuracy.Report
    if sources.journal is not None:
        report = accuracy.journal_report(sources)
    else:
        import os

        instrument = open_instrument(
            settings, folder, os.environ, selection=accuracy.selection(face), aligned=aligned
        )
        if aligned:
            require_fitting_chips(data or images, instrument.verifier.bundle)
        job = accuracy.Job(
            settings=settings,
            instrument=instrument,
            cache=cache_folder(cache, no_cache=no_cache),
            report_folds=accuracy.folds(report_folds, "--report-folds"),
            tune_folds=accuracy.folds(tune_folds, "--tune-folds"),
            attributes=attributes,
            camera_column=accuracy.camera_column(camera_column, attributes),
            people=people,
            enrol_frames=enrol_frames,
        )
        try:
            with counted_bar("looking at images") as progress:
                report = (
                    accuracy.sequence_report(sources, job, progress)
                    if sequences
                    else accuracy.image_report(sources, job, progress)
                )
        finally:
            instrument.close()
    if plots is not None:
        for path in accuracy.write(report, plots):
            complain(f"wrote {path}")
    if as_json:
        say(json.dumps(report.as_json(), ensure_ascii=False, indent=1))
        return
    for line in report.lines():
        say(line)
