"""`edgeverify-export parity`: every form of a network, compared on real faces."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from edgeverify_export.commands import options

from edgeverify.cli.console import complain, plain_errors, say


@plain_errors
def parity(  # noqa: PLR0913 - one parameter an option
    bundle: options.BundleFolder,
    *,
    images: options.Images,
    pairs: options.Pairs = None,
    checkpoint: Annotated[
        Path | None, typer.Option(help="The PyTorch checkpoint, to compare with it too.")
    ] = None,
    threshold: options.Threshold = None,
    no_flips: options.NoFlips = False,
    limit: options.Limit = 1000,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for parity.json and parity.png.")
    ] = Path("parity"),
    record: Annotated[
        bool, typer.Option("--record/--no-record", help="Write the figures into the bundle.")
    ] = True,
    as_json: options.AsJson = False,
) -> None:
    """Compare PyTorch, ONNX FP32, FP16, INT8 and TensorRT on real aligned faces.

    Fails (exit 1) below cosine 0.999 (FP16) or 0.99 (INT8), above 0.05 % or 0.5 % flipped
    decisions, and where another feeding separates the pairs clearly better than the stated one.

    Example: edgeverify-export parity models/mine --images lfw --pairs pairs.txt
    """
    from edgeverify_export.parity import report as reports  # noqa: PLC0415
    from edgeverify_export.parity.record import record_parity  # noqa: PLC0415
    from edgeverify_export.parity.run import run_parity  # noqa: PLC0415
    from edgeverify_export.parity.trial import gather  # noqa: PLC0415

    from edgeverify.errors import ParityError  # noqa: PLC0415
    from edgeverify.runtime.bundle import load_bundle  # noqa: PLC0415 - heavy

    loaded = load_bundle(bundle)
    trial = gather(images, pairs, limit=limit)
    report = run_parity(
        loaded, trial, checkpoint=checkpoint, threshold=threshold, flips_needed=not no_flips
    )
    written = reports.write_report(report, output)
    if as_json:
        say(reports.as_json(report))
    else:
        reports.print_table(report)
        say(f"written: {written[0]}, {written[1]}")
    if report.failures:
        for failure in report.failures:
            complain(f"  {failure}")
        raise ParityError(f"parity of {loaded.manifest.name} failed", advice=report.failures[0])
    if record:
        complain(f"  {record_parity(report)}")
